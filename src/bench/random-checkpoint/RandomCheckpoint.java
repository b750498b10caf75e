import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.nn.Network;
import dev.nunchi.nn.Parameter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/// Writes a Hugging Face directory of random weights in bf16, shard by shard: what stands in no
/// memory when it is read should stand in none when it is written either.
///
/// Matrices are normal with the standard deviation 0.02, norms as a fresh network has them. A
/// normal number is the quantile of 16 random bits, which bf16 cannot tell from one of more.
///
/// Arguments: configuration of the network, directory to write, seed.
public final class RandomCheckpoint {
  private static final long SHARD_BYTES = 2_000_000_000;
  private static final int BUFFER_BYTES = 1 << 22;
  private static final double STANDARD_DEVIATION = 0.02;
  private static final int LEVELS = 1 << 16;
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final Path directory;
  private final ByteBuffer buffer =
      ByteBuffer.allocateDirect(BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
  private final short[] normal = normal();
  private final SplittableRandom random;

  private RandomCheckpoint(Path directory, long seed) {
    this.directory = directory;
    this.random = new SplittableRandom(seed);
  }

  public static void main(String[] args) throws IOException {
    ObjectNode config = (ObjectNode) MAPPER.readTree(Path.of(args[0]).toFile());
    Path directory = Files.createDirectories(Path.of(args[1]));
    if (Files.exists(directory.resolve("config.json"))) {
      System.err.println(directory + " holds a model");
      System.exit(2);
    }
    RandomCheckpoint checkpoint = new RandomCheckpoint(directory, Long.parseLong(args[2]));
    checkpoint.writeWeights(Network.of(config).parameters());
    write(directory.resolve("tokenizer.json"), tokenizer(config));
    write(directory.resolve("tokenizer_config.json"), tokenizerConfig(config));
    write(directory.resolve("config.json"), config);
  }

  private static void write(Path file, ObjectNode json) throws IOException {
    MAPPER.writerWithDefaultPrettyPrinter().writeValue(file.toFile(), json);
  }

  private void writeWeights(List<Parameter> parameters) throws IOException {
    List<List<Parameter>> shards = shards(parameters);
    ObjectNode index = MAPPER.createObjectNode();
    long total = parameters.stream().mapToLong(RandomCheckpoint::bytes).sum();
    index.putObject("metadata").put("total_size", total);
    ObjectNode files = index.putObject("weight_map");
    for (int i = 0; i < shards.size(); i++) {
      String file = "model-%05d-of-%05d.safetensors".formatted(i + 1, shards.size());
      shards.get(i).forEach(parameter -> files.put(parameter.name(), file));
      writeShard(directory.resolve(file), shards.get(i));
      System.err.println(directory.resolve(file));
    }
    write(directory.resolve("model.safetensors.index.json"), index);
    System.err.printf("%,d parameters%n", parameters.stream().mapToLong(Parameter::size).sum());
  }

  private static List<List<Parameter>> shards(List<Parameter> parameters) {
    List<List<Parameter>> shards = new ArrayList<>();
    long room = 0;
    for (Parameter parameter : parameters) {
      if (room <= 0) {
        shards.add(new ArrayList<>());
        room = SHARD_BYTES;
      }
      shards.getLast().add(parameter);
      room -= bytes(parameter);
    }
    return shards;
  }

  private static long bytes(Parameter parameter) {
    return parameter.size() * Short.BYTES;
  }

  private void writeShard(Path file, List<Parameter> parameters) throws IOException {
    ObjectNode header = MAPPER.createObjectNode();
    header.putObject("__metadata__").put("format", "pt");
    long position = 0;
    for (Parameter parameter : parameters) {
      ObjectNode tensor = header.putObject(parameter.name()).put("dtype", "BF16");
      parameter.shape().forEach(tensor.putArray("shape")::add);
      long end = position + bytes(parameter);
      tensor.putArray("data_offsets").add(position).add(end);
      position = end;
    }
    byte[] compact = MAPPER.writeValueAsBytes(header);
    byte[] padded = Arrays.copyOf(compact, Math.ceilDiv(compact.length, 8) * 8);
    Arrays.fill(padded, compact.length, padded.length, (byte) ' ');
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.CREATE)) {
      buffer.clear().putLong(padded.length).put(padded);
      flush(channel);
      for (Parameter parameter : parameters) {
        write(parameter, channel);
      }
      flush(channel);
      channel.truncate(channel.position());
    }
  }

  private void write(Parameter parameter, FileChannel channel) throws IOException {
    long count = parameter.size();
    for (long done = 0; done < count; ) {
      if (!buffer.hasRemaining()) {
        flush(channel);
      }
      int now = (int) Math.min(count - done, buffer.remaining() / Short.BYTES);
      put(parameter.initial(), now);
      done += now;
    }
  }

  private void put(Parameter.Initial initial, int count) {
    switch (initial) {
      case ZEROS -> {
        for (int i = 0; i < count; i++) {
          buffer.putShort((short) 0);
        }
      }
      case ONES -> {
        for (int i = 0; i < count; i++) {
          buffer.putShort(bfloat16(1));
        }
      }
      case NORMAL, UNIFORM -> {
        int left = count;
        for (; left >= 4; left -= 4) {
          long bits = random.nextLong();
          buffer.putShort(normal[(int) bits & 0xffff]);
          buffer.putShort(normal[(int) (bits >>> 16) & 0xffff]);
          buffer.putShort(normal[(int) (bits >>> 32) & 0xffff]);
          buffer.putShort(normal[(int) (bits >>> 48)]);
        }
        for (; left > 0; left--) {
          buffer.putShort(normal[random.nextInt(LEVELS)]);
        }
      }
    }
  }

  private void flush(FileChannel channel) throws IOException {
    buffer.flip();
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
    buffer.clear();
  }

  /// The quantiles of the normal distribution at the middles of equal shares, by the sum that its
  /// distribution function is, gone along once.
  private static short[] normal() {
    short[] quantiles = new short[LEVELS];
    double step = 1e-5;
    double z = -6;
    double share = 0;
    for (int i = 0; i < LEVELS; i++) {
      double wanted = (i + 0.5) / LEVELS;
      while (share < wanted && z < 6) {
        share += step * Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI);
        z += step;
      }
      quantiles[i] = bfloat16((float) (STANDARD_DEVIATION * z));
    }
    return quantiles;
  }

  /// Rounded to the nearest, a tie to the even one.
  private static short bfloat16(float number) {
    int bits = Float.floatToRawIntBits(number);
    return (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
  }

  /// What `config.json` calls `pad_token_id`, `eos_token_id` and `bos_token_id`; where it does not,
  /// the lowest number that is free.
  private static List<Integer> specialIds(ObjectNode config) {
    List<Integer> ids = new ArrayList<>();
    for (String name : List.of("pad", "eos", "bos")) {
      ids.add(config.path(name + "_token_id").asInt(-1));
    }
    for (int i = 0; i < ids.size(); i++) {
      for (int id = 0; ids.get(i) < 0; id++) {
        if (!ids.contains(id)) {
          ids.set(i, id);
        }
      }
    }
    return ids;
  }

  /// Byte-level BPE without merges, after the token that begins texts.
  private static ObjectNode tokenizer(ObjectNode config) {
    List<Integer> special = specialIds(config);
    int begin = special.get(2);
    ObjectNode json = MAPPER.createObjectNode().put("version", "1.0");
    json.putNull("truncation");
    json.putNull("padding");
    var added = json.putArray("added_tokens");
    added.add(special(special.get(0), "<pad>"));
    added.add(special(special.get(1), "<eos>"));
    added.add(special(begin, "<bos>"));
    json.putNull("normalizer");
    json.putObject("pre_tokenizer")
        .put("type", "ByteLevel")
        .put("add_prefix_space", false)
        .put("trim_offsets", true)
        .put("use_regex", true);
    ObjectNode processor = json.putObject("post_processor").put("type", "TemplateProcessing");
    processor
        .putArray("single")
        .add(part("SpecialToken", "<bos>", 0))
        .add(part("Sequence", "A", 0));
    processor
        .putArray("pair")
        .add(part("SpecialToken", "<bos>", 0))
        .add(part("Sequence", "A", 0))
        .add(part("Sequence", "B", 1));
    ObjectNode first = processor.putObject("special_tokens").putObject("<bos>").put("id", "<bos>");
    first.putArray("ids").add(begin);
    first.putArray("tokens").add("<bos>");
    json.putObject("decoder")
        .put("type", "ByteLevel")
        .put("add_prefix_space", false)
        .put("trim_offsets", true)
        .put("use_regex", true);
    ObjectNode model = json.putObject("model").put("type", "BPE");
    for (String unset : List.of("dropout", "unk_token", "continuing_subword_prefix")) {
      model.putNull(unset);
    }
    model.putNull("end_of_word_suffix").put("fuse_unk", false).put("byte_fallback", false);
    ObjectNode vocabulary = model.putObject("vocab");
    vocabulary.put("<pad>", special.get(0));
    vocabulary.put("<eos>", special.get(1));
    vocabulary.put("<bos>", begin);
    int id = 0;
    for (String letter : byteLetters()) {
      while (special.contains(id)) {
        id++;
      }
      vocabulary.put(letter, id++);
    }
    model.putArray("merges");
    return json;
  }

  private static ObjectNode special(int id, String content) {
    return MAPPER
        .createObjectNode()
        .put("id", id)
        .put("content", content)
        .put("single_word", false)
        .put("lstrip", false)
        .put("rstrip", false)
        .put("normalized", false)
        .put("special", true);
  }

  private static ObjectNode part(String kind, String id, int type) {
    ObjectNode part = MAPPER.createObjectNode();
    part.putObject(kind).put("id", id).put("type_id", type);
    return part;
  }

  /// The letter that byte-level BPE writes for each byte: itself where it is printed, else one from
  /// 256 on.
  private static List<String> byteLetters() {
    List<String> letters = new ArrayList<>();
    int next = 256;
    for (int value = 0; value < 256; value++) {
      boolean printed =
          value >= '!' && value <= '~' || value >= 0xa1 && value <= 0xac || value >= 0xae;
      letters.add(Character.toString(printed ? value : next++));
    }
    return letters;
  }

  private static ObjectNode tokenizerConfig(ObjectNode config) {
    return MAPPER
        .createObjectNode()
        .put("tokenizer_class", "PreTrainedTokenizerFast")
        .put("bos_token", "<bos>")
        .put("eos_token", "<eos>")
        .put("pad_token", "<pad>")
        .put("padding_side", "right")
        .put("model_max_length", config.get("max_position_embeddings").intValue());
  }
}
