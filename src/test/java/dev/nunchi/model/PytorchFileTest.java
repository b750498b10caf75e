package dev.nunchi.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.nn.Weight;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Against the files of `generate_layouts.py`, and against files that mean harm.
@Execution(ExecutionMode.CONCURRENT)
class PytorchFileTest {
  private static final byte[] NO_STORAGES = PickleProgram.begin().op("]").end();
  private static final long[] SHAPE = {2, 3};
  private static final long[] STRIDES = {3, 1};

  @TempDir Path temporary;

  static Stream<Path> layouts() throws IOException {
    try (Stream<Path> files = Files.list(fixtures())) {
      return files.filter(file -> file.toString().endsWith(".bin")).sorted().toList().stream();
    }
  }

  static Path fixtures() {
    try {
      return Path.of(Objects.requireNonNull(PytorchFileTest.class.getResource("pytorch")).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void layouts_all_areTheFixtures() throws IOException {
    assertEquals(22, layouts().count());
  }

  @ParameterizedTest
  @MethodSource("layouts")
  void map_layout_holdsTheTensorsThatSafetensorsHolds(Path file) {
    String layout = file.getFileName().toString().replace(".bin", "/");
    try (Arena arena = Arena.ofConfined()) {
      Map<String, Weight> expected = new HashMap<>();
      SafetensorsFile.map(fixtures().resolve("expected.safetensors"), arena)
          .forEach((name, weight) -> {
            if (name.startsWith(layout)) {
              expected.put(name.substring(layout.length()), weight);
            }
          });
      Map<String, Weight> read = PytorchFile.map(file, arena);
      assertFalse(expected.isEmpty());
      assertEquals(expected.keySet(), read.keySet());
      expected.forEach((name, weight) -> {
        Weight other = Objects.requireNonNull(read.get(name), name);
        assertEquals(weight.type(), other.type(), name);
        assertEquals(weight.shape(), other.shape(), name);
        assertEquals(-1, weight.data().mismatch(other.data()), name);
      });
    }
  }

  @Test
  void map_tiedTensors_areOneCopy() {
    try (Arena arena = Arena.ofConfined()) {
      Map<String, Weight> read = PytorchFile.map(fixtures().resolve("zip-tied.bin"), arena);
      assertEquals(address(read, "word"), address(read, "decoder"));
      assertEquals(address(read, "turned"), address(read, "again"));
    }
  }

  private static long address(Map<String, Weight> weights, String name) {
    return Objects.requireNonNull(weights.get(name), name).data().address();
  }

  /// A name of Python's and what a pickle may do with it.
  static Stream<Arguments> otherNames() {
    return Stream.of(
            List.of("os", "system"),
            List.of("posix", "system"),
            List.of("nt", "system"),
            List.of("builtins", "eval"),
            List.of("builtins", "exec"),
            List.of("builtins", "getattr"),
            List.of("builtins", "__import__"),
            List.of("__builtin__", "apply"),
            List.of("subprocess", "Popen"),
            List.of("runpy", "_run_code"),
            List.of("webbrowser", "open"),
            List.of("socket", "create_connection"),
            List.of("shutil", "rmtree"),
            List.of("pickle", "loads"),
            List.of("numpy.core.multiarray", "_reconstruct"),
            List.of("transformers.training_args", "TrainingArguments"),
            List.of("transformers.models.bert.modeling_bert", "BertModel"),
            List.of("argparse", "Namespace"),
            List.of("collections", "defaultdict"),
            List.of("torch.nn.modules.linear", "Linear"),
            List.of("torch.serialization", "load"),
            List.of("torch.jit", "load"),
            List.of("torch", "load"),
            List.of("torch._utils", "_rebuild_qtensor"),
            List.of("torch._utils", "_rebuild_sparse_tensor"),
            List.of("torch", "QInt8Storage"),
            List.of("torch", "ComplexFloatStorage"),
            List.of("torch", "float8_e4m3fn"),
            List.of("torch._utils._rebuild_tensor_v2", "__globals__"),
            List.of("torch.storage", "FloatStorage.__init__"))
        .map(name -> Arguments.of(name.get(0), name.get(1)));
  }

  @ParameterizedTest
  @MethodSource("otherNames")
  void map_anotherName_isRefusedByItHoweverItStands(String module, String name) throws IOException {
    Path touched = temporary.resolve("touched");
    String named = module + "." + name;
    List<byte[]> programs =
        List.of(
            PickleProgram.begin()
                .global(module, name)
                .text("touch " + touched)
                .op(0x85)
                .op("R")
                .end(),
            PickleProgram.begin().text(module).text(name).op(0x93).text("x").op(0x85).op("R").end(),
            PickleProgram.begin().op("(").text("x").op("i" + module + "\n" + name + "\n").end(),
            PickleProgram.begin().global(module, name).op(")").op(0x81).end(),
            PickleProgram.begin().op("(").global(module, name).text("x").op("o").end(),
            PickleProgram.begin().op("}").text("w").global(module, name).op("s").end());
    for (byte[] program : programs) {
      assertRefused(PickleProgram.stream(program, NO_STORAGES), named);
      assertRefused(zip("archive/data.pkl", program), named);
    }
    assertFalse(Files.exists(touched));
  }

  static Stream<Arguments> hostile() {
    PickleProgram everyOther = PickleProgram.begin().op("]q").op(0).op("0");
    PickleProgram deep = PickleProgram.begin();
    PickleProgram wide = PickleProgram.begin().op("}");
    for (int i = 0; i < 200_000; i++) {
      deep.op("(");
      wide.op("]]]]]]");
    }
    PickleProgram pairs = PickleProgram.begin().op("](");
    for (int i = 0; i < 2_000; i++) {
      pairs.op("]").text("k").op("aNa");
    }
    pairs.op("eq").op(1).op("0");
    for (int i = 0; i < 10_000; i++) {
      pairs.global("collections", "OrderedDict").op("h").op(1).op(0x85).op("R0");
    }
    return Stream.of(
        Arguments.of(
            "reduce of a string", value(p -> p.text("os.system").op(")R")), "calls something"),
        Arguments.of(
            "reduce of a class",
            value(p -> p.global("torch", "FloatStorage").op(")R")),
            "calls something"),
        Arguments.of(
            "object of a known class",
            value(p -> p.global("torch", "Size").op(")").op(0x81)),
            "an object of torch.Size"),
        Arguments.of(
            "object with keywords",
            value(p -> p.global("torch", "Tensor").op(")}").op(0x92)),
            "an object of torch.Tensor"),
        Arguments.of(
            "build on a tensor's class",
            value(p -> p.global("torch", "Tensor").op("}b")),
            "gives attributes"),
        Arguments.of("build with a list", value(p -> p.op("}]b")), "gives attributes"),
        Arguments.of("extension registry", value(p -> p.op(0x82, 1)), "opcode 0x82"),
        Arguments.of("textual persistent id", value(p -> p.op("P0\n")), "opcode 0x50"),
        Arguments.of(
            "persistent module",
            value(p -> p.op("(").text("module").text("x").text("source").op("tQ")),
            "refers to something"),
        Arguments.of(
            "persistent string", value(p -> p.text("storage").op("Q")), "where a tuple belongs"),
        Arguments.of("set", value(p -> p.op(0x8f)), "opcode 0x8f"),
        Arguments.of("buffer from elsewhere", value(p -> p.op(0x97)), "opcode 0x97"),
        Arguments.of(
            "unknown protocol", new PickleProgram().op(0x80, 77).op("}").end(), "protocol 77"),
        Arguments.of("unknown opcode", value(p -> p.op(0xff)), "opcode 0xff"),
        Arguments.of(
            "huge number",
            value(p -> p.op(0x8b, 0xff, 0xff, 0xff, 0x7f)),
            "a whole number of 2,147,483,647 bytes"),
        Arguments.of(
            "number of 200 bytes",
            value(p -> p.op(0x8a, 200).raw(new byte[200])),
            "a whole number of 200 bytes"),
        Arguments.of(
            "endless digits",
            value(p -> p.op("L" + "9".repeat(100_000) + "\n")),
            "more than 48 bytes"),
        Arguments.of("number of letters", value(p -> p.op("Iabc\n")), "'abc' for a whole number"),
        Arguments.of(
            "string beyond the file",
            value(p -> p.op("X").op(0xff, 0xff, 0xff, 0x00)),
            "truncated"),
        Arguments.of(
            "string of 4 GB",
            value(p -> p.op("X").op(0xff, 0xff, 0xff, 0xff)),
            "strings take more than"),
        Arguments.of(
            "string of a negative length",
            value(p -> p.op(0x8d).op(0, 0, 0, 0, 0, 0, 0, 0x80)),
            "strings take more than"),
        Arguments.of("200,000 marks", deep.end(), "more than 1,000 deep"),
        Arguments.of("1,200,000 lists", wide.end(), "more than 1,000,000 steps"),
        Arguments.of("20 million pairs out of one list", pairs.end(), "more than 1,000,000 steps"),
        Arguments.of("nothing on the stack", value(p -> p.op("000")), "where there is none"),
        Arguments.of("no value", value(p -> p), "where there is none"),
        Arguments.of("no mark", value(p -> p.op("t")), "never made"),
        Arguments.of("unknown memo", value(p -> p.op("h").op(9)), "never kept"),
        Arguments.of("negative memo", value(p -> p.op("g-5\n")), "never kept"),
        Arguments.of(
            "list that holds itself",
            everyOther.op("h").op(0).op("h").op(0).op("a").end(),
            "holds no dictionary"),
        Arguments.of(
            "dictionary that holds itself",
            value(p -> p.op("}q").op(0).text("state_dict").op("h").op(0).op("s")),
            "nested too deep"),
        Arguments.of("list as a key", value(p -> p.op("}]Ns")), "neither a string nor a number"),
        Arguments.of("tuple as a key", value(p -> p.op("})Ns")), "neither a string nor a number"),
        Arguments.of(
            "key without a value", value(p -> p.op("}(").text("k").op("u")), "without a value"),
        Arguments.of("append to a dictionary", value(p -> p.op("}Na")), "where there is none"),
        Arguments.of(
            "no tensor",
            value(p -> p.op("}").text("epoch").number(3).op("s")),
            "a dictionary of [epoch]"),
        Arguments.of(
            "terminal codes",
            value(p -> p.op("}").text("\u001b[31mred\u0007").number(3).op("s")),
            "[\\u001B[31mred\\u0007]"),
        Arguments.of(
            "beyond the storage",
            tensor(6, 0, new long[] {7}, new long[] {1}),
            "reaches beyond its storage"),
        Arguments.of("offset beyond", tensor(6, 1, SHAPE, STRIDES), "reaches beyond its storage"),
        Arguments.of(
            "negative offset", tensor(6, -1, SHAPE, STRIDES), "reaches beyond its storage"),
        Arguments.of(
            "negative stride",
            tensor(6, 5, new long[] {6}, new long[] {-1}),
            "reaches beyond its storage"),
        Arguments.of(
            "negative size", tensor(6, 0, new long[] {-2}, new long[] {1}), "a size that is none"),
        Arguments.of(
            "size over 32 bits",
            tensor(6, 0, new long[] {1L << 40}, new long[] {0}),
            "a size that is none"),
        Arguments.of(
            "sizes that overflow",
            tensor(6, 0, new long[] {1 << 30, 1 << 30, 1 << 30}, new long[] {0, 0, 0}),
            "reaches beyond its storage"),
        Arguments.of(
            "strides that overflow",
            tensor(6, 0, new long[] {3, 3}, new long[] {Long.MAX_VALUE / 2, Long.MAX_VALUE / 2}),
            "reaches beyond its storage"),
        Arguments.of(
            "8 GB of one number",
            tensor(6, 0, new long[] {1 << 20, 2048}, new long[] {0, 0}),
            "spreads few numbers"),
        Arguments.of(
            "more strides than sizes",
            tensor(6, 0, new long[] {6}, new long[] {1, 1}),
            "1 sizes and 2 strides"),
        Arguments.of("100 axes", tensor(6, 0, new long[100], new long[100]), "100 sizes"),
        Arguments.of(
            "negative storage", tensor(-6, 0, SHAPE, STRIDES), "a storage of it has -6 numbers"),
        Arguments.of(
            "storage of 2^62",
            tensor(1L << 62, 0, SHAPE, STRIDES),
            "a storage of it has 4611686018427387904 numbers"),
        Arguments.of(
            "storage larger than the file",
            tensor(1000, 0, SHAPE, STRIDES),
            "where 1000 were expected"),
        Arguments.of(
            "tensor without parts",
            value(p -> p.op("}").text("w").global("torch._utils", "_rebuild_tensor_v2").op(")Rs")),
            "too few"));
  }

  private static byte[] value(UnaryOperator<PickleProgram> program) {
    return program.apply(PickleProgram.begin()).end();
  }

  private static byte[] tensor(long elements, long offset, long[] shape, long[] strides) {
    return PickleProgram.begin().op("}").tensor(elements, offset, shape, strides).end();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("hostile")
  void map_hostilePickle_isRefusedAtOnce(String name, byte[] program, String fault) {
    boolean storage = new String(program, StandardCharsets.ISO_8859_1).contains("FloatStorage\nX");
    byte[] after = storage ? PickleProgram.numbers(6, 24) : NO_STORAGES;
    assertTimeoutPreemptively(
        Duration.ofSeconds(20), () -> assertRefused(PickleProgram.stream(program, after), fault));
  }

  @Test
  void map_tensorOfThePrograms_isReadWhereItIsRight() throws IOException {
    byte[] stream =
        PickleProgram.stream(tensor(6, 0, SHAPE, STRIDES), PickleProgram.numbers(6, 24));
    try (Arena arena = Arena.ofConfined()) {
      Map<String, Weight> read = PytorchFile.map(write(stream), arena);
      assertEquals(List.of(2, 3), Objects.requireNonNull(read.get("w")).shape());
    }
  }

  @ParameterizedTest
  @MethodSource("layouts")
  void map_cutAnywhere_isRefused(Path file) throws IOException {
    byte[] whole = Files.readAllBytes(file);
    for (int length = 0; length < whole.length; length += 1 + whole.length / 40) {
      assertRefused(Arrays.copyOf(whole, length), "");
    }
  }

  @ParameterizedTest
  @MethodSource("layouts")
  void map_anyByteChanged_isReadOrRefusedAndNothingElse(Path file) throws IOException {
    byte[] whole = Files.readAllBytes(file);
    for (int at = 0; at < whole.length; at += 1 + whole.length / 80) {
      byte[] changed = whole.clone();
      changed[at] ^= (byte) (1 << (at % 8));
      try (Arena arena = Arena.ofConfined()) {
        PytorchFile.map(write(changed), arena);
      } catch (NunchiException e) {
        assertEquals(Reason.INVALID_MODEL, e.reason());
      }
    }
  }

  @Test
  void map_compressedArchive_isRefused() throws IOException {
    Path file = temporary.resolve("deflated.bin");
    try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(file))) {
      out.putNextEntry(new ZipEntry("archive/data.pkl"));
      out.write(new byte[10_000_000]);
    }
    assertRefused(Files.readAllBytes(file), "archive/data.pkl is compressed");
  }

  @Test
  void map_otherArchives_areNamed() throws IOException {
    byte[] empty = PickleProgram.begin().op("}").end();
    assertRefused(zip("word/document.xml", empty), "that torch.save did not write");
    assertRefused(zip("code/data.pkl", empty, "code/constants.pkl", empty), "TorchScript");
    assertRefused(
        zip("x/data.pkl", empty, "x/byteorder", "big".getBytes(StandardCharsets.US_ASCII)),
        "big endian");
    assertRefused(
        zip("x/data.pkl", tensor(6, 0, SHAPE, STRIDES), "x/data/0", new byte[20]),
        "its x/data/0 has 20 bytes, where 24 were expected");
    assertRefused(zip("x/data.pkl", tensor(6, 0, SHAPE, STRIDES)), "its x/data/0 is missing");
  }

  @Test
  void map_tarArchive_isNamedAsTheOldestForm() throws IOException {
    byte[] tar = new byte[1024];
    System.arraycopy("ustar".getBytes(StandardCharsets.US_ASCII), 0, tar, 257, 5);
    assertRefused(tar, "PyTorch 0.1 (a tar archive)");
  }

  @Test
  void map_pickleOfAnotherProgram_isNamed() throws IOException {
    assertRefused(PickleProgram.begin().op("}").end(), "torch.save did not write");
  }

  @Test
  void map_bigEndianStream_isNamed() throws IOException {
    byte[] stream = Files.readAllBytes(fixtures().resolve("stream-plain.bin"));
    String text = new String(stream, StandardCharsets.ISO_8859_1);
    int at = text.indexOf("little_endian") + "little_endian".length();
    while (stream[at] != (byte) 0x88) {
      at++;
    }
    stream[at] = (byte) 0x89;
    assertRefused(stream, "big endian");
  }

  private Path write(byte[] bytes) throws IOException {
    return Files.write(temporary.resolve("pytorch_model.bin"), bytes);
  }

  private void assertRefused(byte[] bytes, String fault) throws IOException {
    Path file = write(bytes);
    try (Arena arena = Arena.ofConfined()) {
      NunchiException e = assertThrows(NunchiException.class, () -> PytorchFile.map(file, arena));
      assertEquals(Reason.INVALID_MODEL, e.reason());
      assertTrue(e.getMessage().startsWith(file.toString()), e.getMessage());
      assertTrue(e.getMessage().contains(fault), e.getMessage());
    }
  }

  /// An archive of stored entries.
  private byte[] zip(Object... namesAndContents) throws IOException {
    Path file = temporary.resolve("made.zip");
    try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(file))) {
      for (int i = 0; i < namesAndContents.length; i += 2) {
        byte[] content = (byte[]) namesAndContents[i + 1];
        CRC32 crc = new CRC32();
        crc.update(content);
        ZipEntry entry = new ZipEntry((String) namesAndContents[i]);
        entry.setMethod(ZipEntry.STORED);
        entry.setSize(content.length);
        entry.setCrc(crc.getValue());
        out.putNextEntry(entry);
        out.write(content);
      }
    }
    return Files.readAllBytes(file);
  }
}
