package dev.nunchi.model;

import dev.nunchi.NunchiException;
import dev.nunchi.PlainFile;
import dev.nunchi.Reason;
import dev.nunchi.nn.Weight;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/// A file of tensors that `torch.save` wrote, mapped: a pickle that says which tensors there are,
/// and the bytes of the storages that they are views of.
///
/// Read are the zip archive of PyTorch 1.6 and later ([PytorchArchive]) and the stream of 0.2 to
/// 1.5 ([PytorchStream]), of the same numbers on a machine of either kind that is little endian.
/// Nothing in the file is run; see [Unpickler].
final class PytorchFile {
  private static final byte[] ZIP = {'P', 'K', 3, 4};
  private static final int TAR_MAGIC_AT = 257;
  private static final byte[] TAR = "ustar".getBytes(StandardCharsets.US_ASCII);

  /// A view that is not contiguous is copied; a file gives no cause to copy more than it holds.
  private static final long MOST_COPIES_OF_THE_FILE = 2;

  /// What the file says before any of its numbers is looked at.
  ///
  /// @param root value of the pickle
  /// @param storages the bytes under each key
  record Content(Object root, Storages storages) {}

  /// Finds the bytes of a storage.
  interface Storages {
    /// All that stands under the storage's key; at least as much as it says.
    MemorySegment whole(TorchStorage storage);
  }

  private final PickleBytes in;
  private final Storages storages;
  private final Arena arena;
  private final Map<TorchTensor, Weight> copies = new HashMap<>();
  private long copyable;

  private PytorchFile(PickleBytes in, Storages storages, Arena arena, long copyable) {
    this.in = in;
    this.storages = storages;
    this.arena = arena;
    this.copyable = copyable;
  }

  /// The file's tensors in the order of its dictionary, as views that live as long as `arena`.
  ///
  /// @throws NunchiException `INVALID_MODEL` where the file is missing, damaged, or holds or asks
  ///   for anything but dense tensors of numbers
  static SequencedMap<String, Weight> map(Path file, Arena arena) {
    PlainFile.require(file);
    try (FileChannel channel = FileChannel.open(file)) {
      MemorySegment mapped = channel.map(MapMode.READ_ONLY, 0, channel.size(), arena);
      PickleBytes in = new PickleBytes(file, mapped);
      Content content =
          startsWith(mapped, 0, ZIP) ? PytorchArchive.read(in, mapped) : stream(in, mapped);
      return new PytorchFile(
              in, content.storages(), arena, MOST_COPIES_OF_THE_FILE * mapped.byteSize())
          .weights(StateDictionary.of(content.root(), in));
    } catch (NoSuchFileException e) {
      throw new NunchiException(Reason.INVALID_MODEL, file + " is missing", e);
    } catch (IOException e) {
      throw new NunchiException(Reason.IO_FAILURE, file + " cannot be read", e);
    }
  }

  private static Content stream(PickleBytes in, MemorySegment mapped) {
    if (startsWith(mapped, TAR_MAGIC_AT, TAR)) {
      throw in.invalid(
          "it has the form of PyTorch 0.1 (a tar archive); load it in a later one and save it"
              + " again");
    }
    return PytorchStream.read(in);
  }

  private static boolean startsWith(MemorySegment bytes, long at, byte[] magic) {
    return bytes.byteSize() >= at + magic.length
        && bytes.asSlice(at, magic.length).mismatch(MemorySegment.ofArray(magic)) < 0;
  }

  private SequencedMap<String, Weight> weights(SequencedMap<String, TorchTensor> tensors) {
    SequencedMap<String, Weight> weights = new LinkedHashMap<>();
    tensors.forEach((name, tensor) -> weights.put(name, weight(name, tensor)));
    return weights;
  }

  private Weight weight(String name, TorchTensor tensor) {
    if (!tensor.isInside()) {
      throw in.invalid(
          "tensor %s %s reaches beyond its storage of %d numbers"
              .formatted(PickleBytes.shown(name), tensor.shape(), tensor.elements()));
    }
    @Nullable Weight copied = copies.get(tensor);
    if (copied != null) {
      return copied;
    }
    TorchStorage storage = tensor.storage();
    long width = storage.type().elements().bytes();
    MemorySegment data =
        storages.whole(storage).asSlice(storage.first() * width, storage.elements() * width);
    if (tensor.isContiguous()) {
      return tensor.weight(data, arena);
    }
    copyable -= tensor.bytes();
    if (copyable < 0) {
      throw in.invalid(
          "tensor %s %s spreads few numbers over more memory than the file has"
              .formatted(PickleBytes.shown(name), tensor.shape()));
    }
    Weight weight = tensor.weight(data, arena);
    copies.put(tensor, weight);
    return weight;
  }

  /// Bytes as text, for errors and for entries that hold a word.
  static String ascii(MemorySegment bytes) {
    return new String(bytes.toArray(ValueLayout.JAVA_BYTE), StandardCharsets.US_ASCII);
  }
}
