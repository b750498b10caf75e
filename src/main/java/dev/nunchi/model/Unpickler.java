package dev.nunchi.model;

import dev.nunchi.NunchiException;
import dev.nunchi.model.PickleValue.Dictionary;
import dev.nunchi.model.PickleValue.Dtype;
import dev.nunchi.model.PickleValue.Sequence;
import dev.nunchi.model.PickleValue.Tuple;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Reads Python's pickles as far as they hold tables of tensors, and runs nothing.
///
/// A pickle is a program for a stack machine (<https://docs.python.org/3/library/pickletools.html>)
/// that may name any function of Python and call it. This one knows the names of [TorchFunction]
/// and [StorageType], does itself what they mean, and refuses every other by its name. It knows the
/// opcodes of protocols 1 to 5 that `torch.save` writes for such tables.
///
/// Bounded: a step reads at least a byte and makes at most one value, and there are at most
/// [#MOST_STEPS] and [#MOST_STRING_BYTES]; values may hold themselves, but are never walked here.
final class Unpickler {
  /// A checkpoint of a hundred layers with its optimiser takes a tenth of them.
  static final int MOST_STEPS = 1_000_000;

  static final int MOST_STRING_BYTES = 1 << 24;

  private static final int MOST_INTEGER_BYTES = 16;
  private static final int MOST_AXES = 64;
  private static final int MOST_MARKS = 1_000;
  private static final int LAST_PROTOCOL = 5;
  private static final PickleValue NONE = new PickleValue.None();

  private final PickleBytes in;
  private final Map<Integer, Object> memo = new HashMap<>();
  private final Deque<List<Object>> marked = new ArrayDeque<>();
  private final Map<String, TorchStorage> storages = new HashMap<>();
  private List<Object> stack = new ArrayList<>();
  private int steps;
  private long stringBytes;

  private Unpickler(PickleBytes in) {
    this.in = in;
  }

  /// What a pickle holds.
  ///
  /// @param value a [PickleValue], [String], [Long], [BigInteger], [Double], [Boolean],
  ///   [TorchStorage], [TorchTensor], [StorageType] or [TorchFunction]
  /// @param storages one for each key that the value refers to, or a part of it
  record Pickle(Object value, Map<String, TorchStorage> storages) {}

  /// The pickle that begins here; the bytes after it are not read.
  ///
  /// @throws NunchiException `INVALID_MODEL` where it is damaged or names anything else
  static Pickle read(PickleBytes in) {
    Unpickler unpickler = new Unpickler(in);
    return new Pickle(unpickler.run(), unpickler.storages);
  }

  private Object run() {
    while (true) {
      countSteps(1);
      int opcode = in.unsignedByte();
      if (opcode == '.') {
        return pop();
      }
      step(opcode);
    }
  }

  private void step(int opcode) {
    switch (opcode) {
      case 0x80 -> requireProtocol(in.unsignedByte());
      case 0x95 -> in.int64(); // FRAME: how much is worth reading ahead.
      case '(' -> mark();
      case '0' -> pop();
      case '1' -> popMark();
      case '2' -> push(peek());
      case 'N' -> push(NONE);
      case 0x88 -> push(true);
      case 0x89 -> push(false);
      case 'I' -> push(textInteger(in.line(MOST_INTEGER_BYTES)));
      case 'K' -> push((long) in.unsignedByte());
      case 'M' -> push((long) in.unsignedShort());
      case 'J' -> push((long) in.int32());
      case 'L' -> push(textLong(in.line(3 * MOST_INTEGER_BYTES)));
      case 0x8a -> push(integer(in.unsignedByte()));
      case 0x8b -> push(integer(Integer.toUnsignedLong(in.int32())));
      case 'G' -> push(in.bigEndianDouble());
      case 'X', 'T' -> push(string(Integer.toUnsignedLong(in.int32())));
      case 0x8c, 'U' -> push(string(in.unsignedByte()));
      case 0x8d -> push(string(in.int64()));
      case 'C' -> pushBytes(in.unsignedByte());
      case 'B' -> pushBytes(Integer.toUnsignedLong(in.int32()));
      case 0x8e -> pushBytes(in.int64());
      case ')' -> push(new Tuple(List.of()));
      case 0x85 -> pushTuple(1);
      case 0x86 -> pushTuple(2);
      case 0x87 -> pushTuple(3);
      case 't' -> push(new Tuple(popMark()));
      case ']' -> push(new Sequence());
      case 'a' -> {
        Object item = pop();
        topSequence().items().add(item);
      }
      case 'e' -> {
        List<Object> items = popMark();
        topSequence().items().addAll(items);
      }
      case '}' -> push(new Dictionary());
      case 's' -> {
        Object value = pop();
        Object key = pop();
        put(topDictionary(), key, value);
      }
      case 'u' -> putAll(popMark());
      case 'p' -> memo.put(index(in.line(MOST_INTEGER_BYTES)), peek());
      case 'q' -> memo.put(in.unsignedByte(), peek());
      case 'r' -> memo.put(in.int32(), peek());
      case 0x94 -> memo.put(memo.size(), peek());
      case 'g' -> push(remembered(index(in.line(MOST_INTEGER_BYTES))));
      case 'h' -> push(remembered(in.unsignedByte()));
      case 'j' -> push(remembered(in.int32()));
      case 'c' -> push(named(in.line(MOST_STRING_BYTES), in.line(MOST_STRING_BYTES)));
      case 0x93 -> {
        Object name = pop();
        push(named(text(pop()), text(name)));
      }
      case 'i' -> throw refused(in.line(MOST_STRING_BYTES), in.line(MOST_STRING_BYTES));
      case 'R' -> {
        Tuple arguments = tuple(pop());
        push(call(pop(), arguments.items()));
      }
      case 'b' -> build(pop());
      case 'Q' -> push(storage(tuple(pop()).items()));
      case 'o' -> throw refusedObject(popMark());
      case 0x81 -> {
        pop();
        throw refusedObject(List.of(pop()));
      }
      case 0x92 -> {
        pop();
        pop();
        throw refusedObject(List.of(pop()));
      }
      default ->
          throw in.invalid(
              "it holds something else than tables of tensors (opcode 0x%02x)".formatted(opcode));
    }
  }

  private void requireProtocol(int protocol) {
    if (protocol > LAST_PROTOCOL) {
      throw in.invalid("it has protocol %d; up to %d is known".formatted(protocol, LAST_PROTOCOL));
    }
  }

  private void countSteps(int more) {
    steps += more;
    if (steps > MOST_STEPS) {
      throw in.invalid(String.format(Locale.ROOT, "it takes more than %,d steps", MOST_STEPS));
    }
  }

  private void push(Object value) {
    stack.add(value);
  }

  private Object pop() {
    if (stack.isEmpty()) {
      throw in.invalid("it takes a value where there is none");
    }
    return stack.removeLast();
  }

  private Object peek() {
    if (stack.isEmpty()) {
      throw in.invalid("it takes a value where there is none");
    }
    return stack.getLast();
  }

  private void mark() {
    if (marked.size() == MOST_MARKS) {
      throw in.invalid(
          String.format(Locale.ROOT, "it nests values more than %,d deep", MOST_MARKS));
    }
    marked.push(stack);
    stack = new ArrayList<>();
  }

  private List<Object> popMark() {
    if (marked.isEmpty()) {
      throw in.invalid("it goes back to a mark that it never made");
    }
    List<Object> items = stack;
    stack = marked.pop();
    return items;
  }

  private Object remembered(int index) {
    @Nullable Object value = memo.get(index);
    if (value == null) {
      throw in.invalid("it goes back to a value that it never kept");
    }
    return value;
  }

  private void pushTuple(int size) {
    List<Object> items = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      items.addFirst(pop());
    }
    push(new Tuple(items));
  }

  private String string(long length) {
    countString(length);
    return new String(in.array(length), StandardCharsets.UTF_8);
  }

  private void pushBytes(long length) {
    countString(length);
    in.slice(length);
    push(new PickleValue.Bytes());
  }

  private void countString(long length) {
    if (length < 0 || length > MOST_STRING_BYTES - stringBytes) {
      throw in.invalid(
          String.format(Locale.ROOT, "its strings take more than %,d bytes", MOST_STRING_BYTES));
    }
    stringBytes += length;
  }

  private Object integer(long length) {
    if (length > MOST_INTEGER_BYTES) {
      throw in.invalid(String.format(Locale.ROOT, "it holds a whole number of %,d bytes", length));
    }
    byte[] little = in.array(length);
    byte[] big = new byte[little.length + 1];
    for (int i = 0; i < little.length; i++) {
      big[little.length - i] = little[i];
    }
    big[0] = (byte) (little.length > 0 && little[little.length - 1] < 0 ? -1 : 0);
    return narrowed(new BigInteger(big));
  }

  private Object textInteger(String line) {
    return switch (line) {
      case "00" -> false;
      case "01" -> true;
      default -> textLong(line);
    };
  }

  private Object textLong(String line) {
    try {
      return narrowed(
          new BigInteger(line.endsWith("L") ? line.substring(0, line.length() - 1) : line));
    } catch (NumberFormatException e) {
      throw in.invalid("it holds '%s' for a whole number".formatted(PickleBytes.shown(line)));
    }
  }

  private static Object narrowed(BigInteger value) {
    return value.bitLength() < Long.SIZE ? (Object) value.longValue() : value;
  }

  private int index(String line) {
    return textLong(line) instanceof Long index ? index.intValue() : -1;
  }

  private Sequence topSequence() {
    if (peek() instanceof Sequence sequence) {
      return sequence;
    }
    throw in.invalid("it adds to a list where there is none");
  }

  private Dictionary topDictionary() {
    if (peek() instanceof Dictionary dictionary) {
      return dictionary;
    }
    throw in.invalid("it adds to a dictionary where there is none");
  }

  private void putAll(List<Object> items) {
    Dictionary dictionary = topDictionary();
    if (items.size() % 2 != 0) {
      throw in.invalid("a dictionary of it has a key without a value");
    }
    for (int i = 0; i < items.size(); i += 2) {
      put(dictionary, items.get(i), items.get(i + 1));
    }
  }

  private void put(Dictionary dictionary, Object key, Object value) {
    if (!(key instanceof String || key instanceof Number || key instanceof Boolean)) {
      throw in.invalid("a dictionary of it has a key that is neither a string nor a number");
    }
    dictionary.entries().put(key, value);
  }

  /// What a name means here.
  private Object named(String module, String name) {
    return StorageType.ofClass(module, name)
        .map(Object.class::cast)
        .or(() -> StorageType.ofDtype(module, name).map(Dtype::new))
        .or(() -> TorchFunction.of(module, name))
        .orElseThrow(() -> refused(module, name));
  }

  private NunchiException refused(String module, String name) {
    String shown = PickleBytes.shown(module + "." + name);
    boolean tensor =
        module.startsWith("torch")
            && (name.endsWith("Storage") || name.startsWith("_rebuild") || module.equals("torch"));
    return in.invalid(
        tensor
            ? "it holds tensors of another kind (%s); dense ones of floating or whole numbers are read, so store the weights dequantised, as safetensors"
                .formatted(shown)
            : "it names %s, which a table of tensors has no need of, so nothing of it was run; store the weights alone, with torch.save(model.state_dict(), …) or as safetensors"
                .formatted(shown));
  }

  private NunchiException refusedObject(List<Object> classAndArguments) {
    Object type = classAndArguments.isEmpty() ? NONE : classAndArguments.getFirst();
    return in.invalid(
        "it makes an object of %s, where tables of tensors are read"
            .formatted(type instanceof TorchFunction known ? known : "no known class"));
  }

  private Object call(Object function, List<Object> arguments) {
    if (!(function instanceof TorchFunction known)) {
      throw in.invalid("it calls something that is no function");
    }
    return switch (known) {
      case ORDERED_DICT -> orderedDictionary(arguments);
      case TENSOR_V1, TENSOR_V2 -> tensor(arguments, null);
      case TENSOR_V3 -> tensor(arguments, dtype(argument(arguments, 6)));
      case PARAMETER, PARAMETER_WITH_STATE -> parameter(argument(arguments, 0));
      case FROM_TYPE ->
          call(
              requireTensorFunction(argument(arguments, 0)), tuple(argument(arguments, 2)).items());
      case SIZE -> tuple(argument(arguments, 0));
      case DEVICE -> new PickleValue.Unused();
      case TENSOR_CLASS, PARAMETER_CLASS -> throw refusedObject(List.of(known));
    };
  }

  private TorchFunction requireTensorFunction(Object function) {
    if (function instanceof TorchFunction known
        && (known == TorchFunction.TENSOR_V2 || known == TorchFunction.TENSOR_V3)) {
      return known;
    }
    throw in.invalid("it makes a tensor by something that is no function of tensors");
  }

  /// Python 2 gives the entries as one list of pairs; Python 3 puts them in afterwards.
  private Dictionary orderedDictionary(List<Object> arguments) {
    Dictionary dictionary = new Dictionary();
    if (arguments.isEmpty()) {
      return dictionary;
    }
    List<Object> pairs = items(arguments.getFirst());
    countSteps(pairs.size());
    for (Object pair : pairs) {
      List<Object> entry = items(pair);
      put(dictionary, argument(entry, 0), argument(entry, 1));
    }
    return dictionary;
  }

  private List<Object> items(Object value) {
    return switch (value) {
      case Sequence sequence -> sequence.items();
      case Tuple tuple -> tuple.items();
      default -> throw in.invalid("it holds something else where a list belongs");
    };
  }

  private TorchTensor parameter(Object value) {
    if (value instanceof TorchTensor tensor) {
      return tensor;
    }
    throw in.invalid("a parameter of it is no tensor");
  }

  private TorchTensor tensor(List<Object> arguments, @Nullable StorageType dtype) {
    if (!(argument(arguments, 0) instanceof TorchStorage storage)) {
      throw in.invalid("a tensor of it has no storage");
    }
    requirePlain(arguments.size() > 6 ? arguments.getLast() : NONE);
    List<Integer> shape = new ArrayList<>();
    List<Object> sizes = tuple(argument(arguments, 2)).items();
    List<Object> steps = tuple(argument(arguments, 3)).items();
    if (sizes.size() != steps.size() || sizes.size() > MOST_AXES) {
      throw in.invalid(
          "a tensor of it has %d sizes and %d strides".formatted(sizes.size(), steps.size()));
    }
    countSteps(2 * sizes.size());
    for (Object size : sizes) {
      if (!(size instanceof Long length) || length < 0 || length > Integer.MAX_VALUE) {
        throw in.invalid("a tensor of it has a size that is none");
      }
      shape.add(length.intValue());
    }
    List<Long> strides = steps.stream().map(this::number).toList();
    StorageType type = dtype == null ? storage.type() : dtype;
    long bytes = storage.elements() * storage.type().elements().bytes();
    return new TorchTensor(
        storage,
        type.elements(),
        bytes / type.elements().bytes(),
        number(argument(arguments, 1)),
        List.copyOf(shape),
        strides);
  }

  /// Views that are to be negated or conjugated when they are read are of complex numbers.
  private void requirePlain(Object metadata) {
    if (metadata instanceof Dictionary dictionary && dictionary.entries().containsValue(true)) {
      throw in.invalid("a tensor of it is a negated or conjugated view");
    }
  }

  private StorageType dtype(Object value) {
    if (value instanceof Dtype dtype) {
      return dtype.type();
    }
    throw in.invalid("a tensor of it has no number type");
  }

  /// `BUILD` gives attributes: to a dictionary those of a module, which say nothing about weights.
  private void build(Object attributes) {
    if (!(peek() instanceof Dictionary) || !(attributes instanceof Dictionary)) {
      throw in.invalid("it gives attributes to something that is no dictionary");
    }
  }

  /// A persistent id: `("storage", type, key, location, elements)`, in old files with `(key, first,
  /// elements)` or `None` after it for a storage that is a part of another.
  private TorchStorage storage(List<Object> id) {
    if (!"storage".equals(argument(id, 0))
        || !(argument(id, 1) instanceof StorageType type)
        || !(argument(id, 2) instanceof String key)) {
      throw in.invalid("it refers to something that is no storage");
    }
    long whole = number(argument(id, 4));
    if (whole < 0 || whole > Long.MAX_VALUE / 8) {
      throw in.invalid("a storage of it has %d numbers".formatted(whole));
    }
    TorchStorage all = new TorchStorage(type, key, 0, whole, whole);
    if (!storages.computeIfAbsent(key, _ -> all).equals(all)) {
      throw in.invalid("a storage of it has two types or lengths");
    }
    if (id.size() < 6 || !(id.get(5) instanceof Tuple part)) {
      return all;
    }
    long first = number(argument(part.items(), 1));
    long elements = number(argument(part.items(), 2));
    if (first < 0 || elements < 0 || first > whole - elements) {
      throw in.invalid("a storage of it is no part of the one that it should be of");
    }
    return new TorchStorage(type, key, first, elements, whole);
  }

  private Object argument(List<Object> arguments, int index) {
    if (index >= arguments.size()) {
      throw in.invalid("a value of it has %d parts, too few".formatted(arguments.size()));
    }
    return arguments.get(index);
  }

  private Tuple tuple(Object value) {
    if (value instanceof Tuple tuple) {
      return tuple;
    }
    throw in.invalid("it holds something else where a tuple belongs");
  }

  private String text(Object value) {
    if (value instanceof String string) {
      return string;
    }
    throw in.invalid("it holds something else where a string belongs");
  }

  private long number(Object value) {
    if (value instanceof Long number) {
      return number;
    }
    throw in.invalid("it holds something else where a whole number belongs");
  }
}
