package dev.nunchi.data;

import dev.nunchi.NunchiException;
import dev.nunchi.ProblemType;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/// Reads texts, with or without labels, from files in every [DataFormat].
///
/// Bytes are strict UTF-8; a byte order mark and CRLF are accepted. A text that is blank, a row
/// with another number of fields than the header, a label that the mapping does not know: each ends
/// the reading with an error that names file and physical line. Rows come in the file's order,
/// without those that the mapping drops; of multi-label data it drops labels and keeps the row.
///
/// Safe for several threads; a stream that it gave out is not. A stream holds its file open until
/// it is closed.
public final class ExampleReader {
  private final Columns columns;
  private final LabelMapping mapping;
  private final LabelField labelField;

  /// @param problemType whether a text has one label, or any number of them: in tables parted by
  ///   `|`, in JSONL an array
  public ExampleReader(Columns columns, LabelMapping mapping, ProblemType problemType) {
    this.columns = columns;
    this.mapping = mapping;
    this.labelField = LabelField.of(problemType);
  }

  /// One label a text.
  public ExampleReader(Columns columns, LabelMapping mapping) {
    this(columns, mapping, ProblemType.SINGLE_LABEL_CLASSIFICATION);
  }

  /// Default columns, one label a text, as it stands in the file.
  public ExampleReader() {
    this(Columns.DEFAULT, LabelMapping.IDENTITY);
  }

  /// All examples of a file; never empty.
  ///
  /// @throws NunchiException `IO_FAILURE` if the file is not there or unreadable, else
  ///   `INVALID_DATA`
  public List<Example> read(Path file) {
    List<Example> examples;
    try (Stream<Example> stream = stream(file)) {
      examples = stream.toList();
    }
    if (examples.isEmpty()) {
      throw new Source(file.toString()).invalid("there is no example in it");
    }
    return examples;
  }

  /// The examples of a file, read as they are asked for.
  ///
  /// @throws NunchiException as [#read]; also from the stream's own operations
  public Stream<Example> stream(Path file) {
    Source source = new Source(file.toString());
    return rows(open(file), DataFormat.of(file), source, labelField)
        .<Example>mapMulti((row, sink) -> {
          List<String> labels = labels(row, source);
          if (!labels.isEmpty() || labelField == LabelField.SEVERAL) {
            sink.accept(new Example(row.id(), row.text(), labels));
          }
        });
  }

  /// The labels of a row without those that the mapping drops.
  private List<String> labels(Row row, Source source) {
    List<String> labels = new ArrayList<>(1);
    for (String value : Objects.requireNonNull(row.labels())) {
      if (!mapping.knows(value)) {
        throw source.invalid(
            row.line(),
            "label %s is unknown; expected %s".formatted(Source.shown(value), mapping.expected()));
      }
      mapping.labelOf(value).ifPresent(labels::add);
    }
    return labels;
  }

  /// The texts of a file; a label column is not needed and not read.
  ///
  /// @throws NunchiException as [#read]; also from the stream's own operations
  public Stream<Document> streamDocuments(Path file) {
    return documents(
        rows(open(file), DataFormat.of(file), new Source(file.toString()), LabelField.UNREAD));
  }

  /// The texts from a stream of plain bytes, for example standard input.
  ///
  /// @param name what errors call it
  public Stream<Document> streamDocuments(InputStream in, DataFormat format, String name) {
    return documents(rows(in, format, new Source(name), LabelField.UNREAD));
  }

  private static Stream<Document> documents(Stream<Row> rows) {
    return rows.map(row -> new Document(row.line(), row.id(), row.text()));
  }

  private static InputStream open(Path file) {
    DataFormat.of(file);
    InputStream in = null;
    try {
      in = Files.newInputStream(file);
      return DataFormat.isGzip(file) ? new GZIPInputStream(in, 1 << 16) : in;
    } catch (IOException e) {
      close(in, e);
      throw new Source(file.toString()).unreadable(e, 0);
    }
  }

  private Stream<Row> rows(InputStream in, DataFormat format, Source source, LabelField labels) {
    try {
      Rows rows = Rows.open(new Lines(source, in), format, columns, labels);
      return StreamSupport.stream(
              Spliterators.spliteratorUnknownSize(
                  new RowIterator(rows), Spliterator.ORDERED | Spliterator.NONNULL),
              false)
          .onClose(rows::close);
    } catch (RuntimeException e) {
      close(in, e);
      throw e;
    }
  }

  private static void close(@Nullable InputStream in, Exception cause) {
    try {
      if (in != null) {
        in.close();
      }
    } catch (IOException e) {
      cause.addSuppressed(e);
    }
  }

  private static final class RowIterator implements Iterator<Row> {
    private final Rows rows;
    private @Nullable Row next;

    RowIterator(Rows rows) {
      this.rows = rows;
    }

    @Override
    public boolean hasNext() {
      if (next == null) {
        next = rows.next();
      }
      return next != null;
    }

    @Override
    public Row next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      Row row = Objects.requireNonNull(next);
      next = null;
      return row;
    }
  }
}
