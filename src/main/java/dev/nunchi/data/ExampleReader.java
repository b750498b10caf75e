package dev.nunchi.data;

import dev.nunchi.NunchiException;
import dev.nunchi.ProblemType;
import dev.nunchi.text.Normalizer;
import dev.nunchi.text.PlainName;
import java.io.Closeable;
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
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/// Reads texts, with or without labels, from files in every [DataFormat].
///
/// Bytes are strict UTF-8; a byte order mark and CRLF are accepted. A row with another number of
/// fields than the header, a label that the mapping does not know, an empty text where it is not to
/// be dropped: each ends the reading with an error that names file and physical line. Rows come in
/// the file's order, without those that the mapping drops; of multi-label data it drops labels and
/// keeps the row.
///
/// Safe for several threads; a stream that it gave out is not. A stream holds its file open until
/// it is closed.
public final class ExampleReader {
  private static final Pattern NUMBER =
      Pattern.compile("[-+]?(\\d+\\.?\\d*|\\.\\d+)([eE][-+]?\\d+)?");

  private final Columns columns;
  private final LabelMapping mapping;
  private final LabelField labelField;
  private final EmptyTexts emptyTexts;

  /// @param problemType whether a text has one label, which in a regression is a number, or any
  ///   number of them: in tables parted by `|`, in JSONL an array, in both also such a list written
  ///   as a string
  public ExampleReader(
      Columns columns, LabelMapping mapping, ProblemType problemType, EmptyTexts emptyTexts) {
    this.columns = columns;
    this.mapping = mapping;
    this.labelField = LabelField.of(problemType);
    this.emptyTexts = emptyTexts;
  }

  /// Refuses empty texts.
  public ExampleReader(Columns columns, LabelMapping mapping, ProblemType problemType) {
    this(columns, mapping, problemType, EmptyTexts.REFUSE);
  }

  /// One label a text; refuses empty texts.
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
    return read(file, new ReadingNotes());
  }

  /// All examples of a file; never empty.
  ///
  /// @param notes new ones, which take down what was done with rows that are not taken as they
  ///   stand
  /// @throws NunchiException as [#read(Path)]
  public List<Example> read(Path file, ReadingNotes notes) {
    List<Example> examples;
    try (Stream<Example> stream = stream(file, notes)) {
      examples = stream.toList();
    }
    requireAny(examples, file, notes);
    notes.positions(mapping.positions());
    return examples;
  }

  private static void requireAny(List<?> found, Path file, ReadingNotes notes) {
    if (found.isEmpty()) {
      throw new Source(file.toString())
          .invalid(
              notes.emptyTexts() == 0
                  ? "there is no example in it"
                  : "there is no example in it, as the texts of all its rows are empty (%d)"
                      .formatted(notes.emptyTexts()));
    }
  }

  /// All texts of a file, with or without labels, without the empty ones; never empty.
  ///
  /// @throws NunchiException as [#read(Path)]
  public List<String> readTexts(Path file, ReadingNotes notes) {
    return readUnlabelled(file, notes).stream().map(Example::text).toList();
  }

  /// The same as examples without a label; a label column is not needed and not read.
  ///
  /// @throws NunchiException as [#read(Path)]
  public List<Example> readUnlabelled(Path file, ReadingNotes notes) {
    Source source = new Source(file.toString());
    notes.begin(source);
    List<Example> examples;
    try (Stream<Row> rows =
        rows(open(file), DataFormat.of(file), source, LabelField.UNREAD, notes)) {
      examples =
          rows.filter(row -> hasText(row, source, notes))
              .map(row -> new Example(row.id(), row.text(), List.of(), row.context()))
              .toList();
    }
    requireAny(examples, file, notes);
    return examples;
  }

  /// The examples of a file, read as they are asked for.
  ///
  /// @throws NunchiException as [#read]; also from the stream's own operations
  public Stream<Example> stream(Path file) {
    return stream(file, new ReadingNotes());
  }

  private Stream<Example> stream(Path file, ReadingNotes notes) {
    Source source = new Source(file.toString());
    notes.begin(source);
    return rows(open(file), DataFormat.of(file), source, labelField, notes)
        .filter(row -> hasText(row, source, notes))
        .<Example>mapMulti((row, sink) -> {
          List<String> labels = labels(row, source, notes);
          if (!labels.isEmpty() || labelField == LabelField.SEVERAL) {
            sink.accept(new Example(row.id(), row.text(), labels, row.context()));
          }
        });
  }

  private boolean hasText(Row row, Source source, ReadingNotes notes) {
    if (!Normalizer.isEmpty(row.text())) {
      return true;
    }
    if (emptyTexts == EmptyTexts.REFUSE) {
      throw source.invalid(row.line(), "the text is empty, or blank once it is normalised");
    }
    notes.emptyText(row.line());
    return false;
  }

  /// The labels of a row without those that the mapping drops.
  private List<String> labels(Row row, Source source, ReadingNotes notes) {
    if (labelField == LabelField.NUMBER && mapping.isOpen()) {
      return List.of(requireNumber(Objects.requireNonNull(row.labels()).getFirst(), row, source));
    }
    List<String> labels = new ArrayList<>(1);
    for (String value : Objects.requireNonNull(row.labels())) {
      if (!mapping.knows(value)) {
        throw source.invalid(
            row.line(),
            "label %s is unknown; expected %s".formatted(Source.shown(value), mapping.expected()));
      }
      mapping.record(value, row.line(), notes);
      if (labelField == LabelField.SEVERAL && mapping.isOpen() && value.matches(".*[,;].*")) {
        notes.joined(value, row.line());
      }
      mapping.labelOf(value).ifPresent(labels::add);
    }
    if (labelField == LabelField.NUMBER) {
      labels.forEach(label -> requireNumber(label, row, source));
    }
    return labels;
  }

  private static String requireNumber(String label, Row row, Source source) {
    String number = PlainName.of(label);
    if (!NUMBER.matcher(number).matches() || !Double.isFinite(Double.parseDouble(number))) {
      throw source.invalid(
          row.line(),
          "label %s is not a number, as problem_type regression needs; label_mapping makes numbers of names"
              .formatted(Source.shown(label)));
    }
    return number;
  }

  /// The texts of a file; a label column is not needed and not read. A text may be empty, and a row
  /// that has none is given as such, so that who reads can go on after it.
  ///
  /// @throws NunchiException as [#read]; also from the stream's own operations, where the file
  ///   cannot be read on
  public Stream<TextRow> streamDocuments(Path file) {
    return documents(open(file), DataFormat.of(file), file.toString(), false);
  }

  /// The texts from a stream of bytes that are not compressed, for example standard input.
  ///
  /// @param name what errors call it
  /// @param live whether lines come slowly: then none waits for the next one, and empty lines at
  ///   the end are texts too
  public Stream<TextRow> streamDocuments(
      InputStream in, DataFormat format, String name, boolean live) {
    return documents(in, format, name, live);
  }

  private Stream<TextRow> documents(InputStream in, DataFormat format, String name, boolean live) {
    Lines lines = new Lines(new Source(name), in);
    Rows rows = rows(lines, format, LabelField.UNREAD, new ReadingNotes(), live);
    return stream(
        () -> {
          try {
            Row row = rows.next();
            return row == null
                ? null
                : new Document(row.line(), row.id(), row.text(), row.context());
          } catch (NunchiException e) {
            if (lines.isBroken() || e.line() == 0) {
              throw e;
            }
            return new RefusedRow(e.line(), e);
          }
        },
        rows);
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

  private Stream<Row> rows(
      InputStream in, DataFormat format, Source source, LabelField labels, ReadingNotes notes) {
    Rows rows = rows(new Lines(source, in), format, labels, notes, false);
    return stream(rows::next, rows);
  }

  private Rows rows(
      Lines lines, DataFormat format, LabelField labels, ReadingNotes notes, boolean live) {
    try {
      return Rows.open(lines, format, columns, labels, notes, live);
    } catch (RuntimeException e) {
      close(lines, e);
      throw e;
    }
  }

  private static <T> Stream<T> stream(Supplier<@Nullable T> next, Rows rows) {
    return StreamSupport.stream(
            Spliterators.spliteratorUnknownSize(
                new Rest<>(next), Spliterator.ORDERED | Spliterator.NONNULL),
            false)
        .onClose(rows::close);
  }

  private static void close(@Nullable Closeable in, Exception cause) {
    try {
      if (in != null) {
        in.close();
      }
    } catch (IOException e) {
      cause.addSuppressed(e);
    }
  }

  /// What a supplier gives up to null.
  private static final class Rest<T> implements Iterator<T> {
    private final Supplier<@Nullable T> source;
    private @Nullable T next;

    Rest(Supplier<@Nullable T> source) {
      this.source = source;
    }

    @Override
    public boolean hasNext() {
      if (next == null) {
        next = source.get();
      }
      return next != null;
    }

    @Override
    public T next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      T given = Objects.requireNonNull(next);
      next = null;
      return given;
    }
  }
}
