package dev.nunchi.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/// The files beside `generate_encodings.py`, which made them with Hugging Face tokenizers.
final class Fixtures {
  private static final JsonMapper MAPPER = new JsonMapper();

  private Fixtures() {}

  static Path path(String name) {
    try {
      return Path.of(Objects.requireNonNull(Fixtures.class.getResource(name)).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException(name, e);
    }
  }

  static List<JsonNode> rows(String name) {
    List<JsonNode> rows = new ArrayList<>();
    try {
      for (String line : Files.readString(path(name)).split("\n")) {
        rows.add(MAPPER.readTree(line));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return rows;
  }

  static int[] ints(JsonNode array) {
    int[] ints = new int[array.size()];
    for (int i = 0; i < ints.length; i++) {
      ints[i] = array.get(i).asInt();
    }
    return ints;
  }

  static List<Span> spans(JsonNode array) {
    List<Span> spans = new ArrayList<>();
    for (JsonNode span : array) {
      int start = span.get(0).asInt();
      int end = span.get(1).asInt();
      spans.add(start == end ? Span.NONE : new Span(start, end));
    }
    return spans;
  }
}
