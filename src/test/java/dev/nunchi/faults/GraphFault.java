package dev.nunchi.faults;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/// What can be wrong with an ONNX graph that is still a protobuf: a word in it is another one of as
/// many bytes.
public enum GraphFault implements Fault {
  ANOTHER_OPERATOR("MatMul", "MatMux"),
  ANOTHER_LOOK_UP("Gather", "GatheR"),
  ANOTHER_DOMAIN("com.microsoft", "com.microsofd"),
  ANOTHER_INPUT("input_ids", "input_idx"),
  ANOTHER_MASK("attention_mask", "attention_musk"),
  ANOTHER_OUTPUT("logits", "scores"),
  WEIGHTS_ELSEWHERE("model.onnx.data", "../el.onnx.data"),
  WEIGHTS_IN_A_SYSTEM_FILE("model.onnx.data", "/../etc/passwd\u0000"),
  WEIGHTS_BY_ANOTHER_KEY("location", "lokation"),
  OFFSET_BY_ANOTHER_KEY("offset", "offsat"),
  LENGTH_BY_ANOTHER_KEY("length", "lenkth"),
  ANOTHER_AXIS("axis", "axes"),
  ANOTHER_TENSOR("weight", "w8ight");

  private final String word;
  private final String other;

  GraphFault(String word, String other) {
    this.word = word;
    this.other = other;
  }

  @Override
  public String damage(Path file, Random random) throws IOException {
    // One character a byte.
    String graph = Files.readString(file, StandardCharsets.ISO_8859_1);
    List<Integer> places = new ArrayList<>();
    for (int at = graph.indexOf(word); at >= 0; at = graph.indexOf(word, at + 1)) {
      places.add(at);
    }
    if (places.isEmpty()) {
      return BytesFault.FLIPPED_BIT.damage(file, random);
    }
    int at = Fault.of(places, random);
    Files.writeString(
        file,
        graph.substring(0, at) + other + graph.substring(at + word.length()),
        StandardCharsets.ISO_8859_1);
    return "%s at %d".formatted(this, at);
  }
}
