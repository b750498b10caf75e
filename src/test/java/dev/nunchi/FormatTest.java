package dev.nunchi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.google.googlejavaformat.java.Formatter;
import com.google.googlejavaformat.java.FormatterException;
import com.google.googlejavaformat.java.StringWrapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/// Every Java file is as google-java-format writes it.
@Execution(ExecutionMode.CONCURRENT)
class FormatTest {
  @Test
  void sources_all_areFormatted() throws IOException {
    List<Path> sources = sources();
    assertFalse(sources.isEmpty());
    List<Path> unformatted = sources.stream().filter(source -> !isFormatted(source)).toList();
    assertEquals(List.of(), unformatted, "Run on a JDK 25: mvn spotless:apply");
  }

  private static boolean isFormatted(Path source) {
    try {
      String text = Files.readString(source);
      return text.equals(format(text));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (FormatterException e) {
      throw new AssertionError(source + " is no Java", e);
    }
  }

  private static List<Path> sources() throws IOException {
    try (Stream<Path> files = Files.walk(Path.of("src"))) {
      return files.filter(file -> file.toString().endsWith(".java")).sorted().toList();
    }
  }

  private static String format(String source) throws FormatterException {
    Formatter formatter = new Formatter();
    return StringWrapper.wrap(formatter.formatSourceAndFixImports(source), formatter);
  }
}
