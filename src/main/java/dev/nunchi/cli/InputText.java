package dev.nunchi.cli;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.data.Columns;
import dev.nunchi.data.DataFormat;
import dev.nunchi.data.Document;
import dev.nunchi.data.ExampleReader;
import dev.nunchi.data.LabelMapping;
import dev.nunchi.data.RefusedRow;
import dev.nunchi.data.TextRow;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A place of the input where a text to classify should be.
sealed interface InputText {
  /// A line of a file, or the number of an argument, from 1.
  long line();

  /// @param place as errors name it, for example `comments.txt, line 7`
  /// @param context null for none
  record Readable(long line, String place, String text, @Nullable String context)
      implements InputText {
    /// A text without a context.
    Readable(long line, String place, String text) {
      this(line, place, text, null);
    }
  }

  /// @param why its message names the place
  record Unreadable(long line, NunchiException why) implements InputText {}

  static Stream<InputText> ofArguments(List<String> texts) {
    return IntStream.range(0, texts.size())
        .mapToObj(
            i -> new Readable(i + 1, "text %d of the arguments".formatted(i + 1), texts.get(i)));
  }

  /// Read as they are asked for; to be closed.
  ///
  /// Standard input, and what is no file as the system has it, such as a pipe, has one text a line
  /// where its name says nothing else.
  ///
  /// @param contextColumn null for none
  static Stream<InputText> ofFile(Path file, @Nullable String contextColumn) {
    ExampleReader reader =
        new ExampleReader(new Columns(null, null, null, contextColumn), LabelMapping.IDENTITY);
    if (StandardInput.isNamedBy(file)) {
      return of(
          reader.streamDocuments(
              StandardInput.open(), DataFormat.TEXT, StandardInput.NAME, StandardInput.isLive()),
          StandardInput.NAME);
    }
    if (Files.isDirectory(file)) {
      throw new NunchiException(
          Reason.INVALID_ARGUMENT, file + " is a directory; --input takes one file of texts");
    }
    boolean isDescriptor = file.startsWith("/dev/fd") || file.startsWith("/proc");
    if (Files.exists(file) && (isDescriptor || !Files.isRegularFile(file))) {
      try {
        return of(
            reader.streamDocuments(
                Files.newInputStream(file), formatOfPipe(file), file.toString(), true),
            file.toString());
      } catch (IOException e) {
        throw new NunchiException(
            Reason.IO_FAILURE, "%s cannot be read (%s)".formatted(file, e.getMessage()), e);
      }
    }
    return of(reader.streamDocuments(file), file.toString());
  }

  private static DataFormat formatOfPipe(Path file) {
    try {
      return DataFormat.of(file);
    } catch (NunchiException e) {
      return DataFormat.TEXT;
    }
  }

  private static Stream<InputText> of(Stream<TextRow> rows, String name) {
    return rows.map(row ->
        switch (row) {
          case Document document ->
              new Readable(
                  document.line(),
                  name + ", line " + document.line(),
                  document.text(),
                  document.context());
          case RefusedRow refused -> new Unreadable(refused.line(), refused.why());
        });
  }
}
