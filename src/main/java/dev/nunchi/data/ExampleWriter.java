package dev.nunchi.data;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;

/// Writes examples as TSV or JSONL with the columns `id`, `document`, `label`; compressed where the
/// name ends in `.gz`.
///
/// Where an example has none or several labels, all are written as multi-label data: in TSV parted
/// by `|`, in JSONL an array.
///
/// TSV has no escape for a tab or a line end. Within a text each of them, CRLF as one, becomes a
/// space; in an id or a label it is refused, as is `|` in one of several labels. JSONL keeps every
/// character. The file is written beside its place and moved there when it is whole.
public final class ExampleWriter {
  private static final JsonMapper JSON = new JsonMapper();

  private ExampleWriter() {}

  /// Writes `examples` in the format that the file's name says.
  ///
  /// @throws NunchiException `INVALID_ARGUMENT` if the name asks for another format, `INVALID_DATA`
  ///   for an id or label that TSV cannot hold, `IO_FAILURE`
  public static void write(Path file, List<Example> examples) {
    DataFormat format = DataFormat.of(file);
    if (format != DataFormat.TSV && format != DataFormat.JSONL) {
      throw new NunchiException(
          Reason.INVALID_ARGUMENT, "%s: examples are written as .tsv or .jsonl".formatted(file));
    }
    boolean several = examples.stream().anyMatch(example -> example.labels().size() != 1);
    try {
      Path beside =
          file.resolveSibling(
              ".%s.%d.partial".formatted(file.getFileName(), ProcessHandle.current().pid()));
      try {
        try (OutputStream out = Files.newOutputStream(beside);
            OutputStream bytes = DataFormat.isGzip(file) ? new GZIPOutputStream(out) : out;
            Writer writer =
                new BufferedWriter(new OutputStreamWriter(bytes, StandardCharsets.UTF_8))) {
          if (format == DataFormat.TSV) {
            writer.write("id\tdocument\tlabel\n");
          }
          for (Example example : examples) {
            writer.write(
                format == DataFormat.TSV ? tsv(file, example, several) : json(example, several));
            writer.write('\n');
          }
        }
        Files.move(
            beside, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      } finally {
        Files.deleteIfExists(beside);
      }
    } catch (IOException e) {
      throw new NunchiException(
          Reason.IO_FAILURE,
          "%s: cannot be written (%s)".formatted(file, e.getClass().getSimpleName()),
          e);
    }
  }

  private static String tsv(Path file, Example example, boolean several) {
    String labels = String.join(LabelField.SEPARATOR, example.labels());
    for (String value : List.of(example.id(), labels)) {
      if (value.chars().anyMatch(c -> c == '\t' || c == '\n' || c == '\r')) {
        throw new Source(file.toString())
            .invalid("an id or a label holds a tab or a line end, which TSV cannot hold");
      }
    }
    if (several
        && example.labels().stream().anyMatch(label -> label.contains(LabelField.SEPARATOR))) {
      throw new Source(file.toString())
          .invalid("a label holds %s, which parts the labels".formatted(LabelField.SEPARATOR));
    }
    String text = example.text().replace("\r\n", " ").replaceAll("[\t\r\n]", " ");
    return example.id() + "\t" + text + "\t" + labels;
  }

  private static String json(Example example, boolean several) throws IOException {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("id", example.id());
    fields.put("document", example.text());
    fields.put("label", several ? example.labels() : example.label());
    return JSON.writeValueAsString(fields);
  }
}
