package dev.nunchi.cli;

import dev.nunchi.data.DataFormat;
import dev.nunchi.data.Document;
import dev.nunchi.data.ExampleReader;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// A text to classify, and where it came from.
///
/// @param place as errors name it, for example `comments.txt, line 7`
record InputText(String text, String place) {
  private static final Path STANDARD_INPUT = Path.of("-");

  static Stream<InputText> ofArguments(List<String> texts) {
    return IntStream.range(0, texts.size())
        .mapToObj(i -> new InputText(texts.get(i), "text %d of the arguments".formatted(i + 1)));
  }

  /// Read as they are asked for; to be closed.
  ///
  /// @param file `-` for standard input
  static Stream<InputText> ofFile(Path file) {
    ExampleReader reader = new ExampleReader();
    if (file.equals(STANDARD_INPUT)) {
      String name = "standard input";
      return of(reader.streamDocuments(System.in, DataFormat.TEXT, name), name);
    }
    return of(reader.streamDocuments(file), file.toString());
  }

  private static Stream<InputText> of(Stream<Document> documents, String name) {
    return documents.map(
        document -> new InputText(document.text(), name + ", line " + document.line()));
  }
}
