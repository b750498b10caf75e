package dev.nunchi.data;

import dev.nunchi.data.DataReport.Place;
import dev.nunchi.data.DataReport.RowPair;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// The different texts of all splits: which of them are repeated, shared, or labelled in two ways.
///
/// A hash table with open addressing, in time linear in the number of rows and in about 50 bytes a
/// row for three splits. Of a text it keeps the first 128 bits of its SHA-256 and where it stood
/// first; the odds that any two of n different texts are taken for one are n²/2¹²⁹, for a million
/// texts 1 to 7·10²⁶.
final class TextIndex {
  private static final int ABSENT = -1;
  private static final int MOST_EXAMPLES = 3;

  private final List<DataSplit> splits;
  // Numbers of texts; the length is a power of two.
  private final int[] slots;
  private final long[] high;
  private final long[] low;
  // Both [split][text].
  private final int[][] firstRows;
  private final int[][] rowCounts;
  private final List<BitSet> contradicted;
  private final BitSet contradictedAnywhere = new BitSet();
  private final List<RowPair> contradictions = new ArrayList<>();
  private final List<Pair> pairs = new ArrayList<>();
  private int size;

  /// Two splits, and what they share.
  static final class Pair {
    private final int first;
    private final int second;
    private final List<RowPair> examples = new ArrayList<>();
    private int rows;

    private Pair(int first, int second) {
      this.first = first;
      this.second = second;
    }

    int first() {
      return first;
    }

    int second() {
      return second;
    }

    /// Rows of the second split whose texts stand in the first.
    int rows() {
      return rows;
    }

    List<RowPair> examples() {
      return examples;
    }
  }

  /// @param key what of a text is compared
  TextIndex(List<DataSplit> splits, UnaryOperator<String> key) {
    this.splits = splits;
    int rows = splits.stream().mapToInt(split -> split.examples().size()).sum();
    slots = new int[Math.max(Integer.highestOneBit(rows) << 2, 1)];
    Arrays.fill(slots, ABSENT);
    high = new long[rows];
    low = new long[rows];
    firstRows = new int[splits.size()][rows];
    rowCounts = new int[splits.size()][rows];
    contradicted = Stream.generate(BitSet::new).limit(splits.size()).toList();
    TextDigest digest = new TextDigest();
    for (int split = 0; split < splits.size(); split++) {
      for (int first = 0; first < split; first++) {
        pairs.add(new Pair(first, split));
      }
      int row = 0;
      for (Example example : splits.get(split).examples()) {
        ByteBuffer bits = ByteBuffer.wrap(digest.of(key(example, key)));
        add(split, row, number(bits.getLong(), bits.getLong()));
        row++;
      }
    }
  }

  /// Rows of a split beyond the first of each text.
  int repeatedRows(int split) {
    return Arrays.stream(rowCounts[split]).map(count -> Math.max(count - 1, 0)).sum();
  }

  /// Rows of a split whose texts it also has with other labels.
  int contradictedRows(int split) {
    return contradicted.get(split).stream().map(text -> rowCounts[split][text]).sum();
  }

  /// Rows whose texts some split has with other labels.
  int contradictedRows() {
    return IntStream.range(0, splits.size())
        .filter(split -> splits.get(split).labelled())
        .map(split -> contradictedAnywhere.stream().map(text -> rowCounts[split][text]).sum())
        .sum();
  }

  List<RowPair> contradictions() {
    return contradictions;
  }

  /// Every two splits: the second with the first, then the third with both, and so on.
  List<Pair> pairs() {
    return pairs;
  }

  /// Of a text with a context both: the same text about something else is another one.
  private static String key(Example example, UnaryOperator<String> key) {
    String text = key.apply(example.text());
    return example.context() == null ? text : text + "\n" + key.apply(example.context());
  }

  private int number(long textHigh, long textLow) {
    int slot = (int) textHigh & (slots.length - 1);
    while (slots[slot] != ABSENT) {
      int text = slots[slot];
      if (high[text] == textHigh && low[text] == textLow) {
        return text;
      }
      slot = (slot + 1) & (slots.length - 1);
    }
    high[size] = textHigh;
    low[size] = textLow;
    slots[slot] = size;
    return size++;
  }

  /// Counts a row; splits come in their order, and rows in theirs.
  private void add(int split, int row, int text) {
    for (Pair pair : pairs) {
      if (pair.second == split && rowCounts[pair.first][text] > 0) {
        pair.rows++;
        if (rowCounts[split][text] == 0) {
          addExample(pair.examples, pair.first, text, split, row);
        }
      }
    }
    if (rowCounts[split][text] == 0) {
      firstRows[split][text] = row;
    } else if (labelsDiffer(split, text, split, row)) {
      contradicted.get(split).set(text);
    }
    rowCounts[split][text]++;
    int origin = 0;
    while (origin < split && (rowCounts[origin][text] == 0 || !splits.get(origin).labelled())) {
      origin++;
    }
    if (!contradictedAnywhere.get(text) && labelsDiffer(origin, text, split, row)) {
      contradictedAnywhere.set(text);
      addExample(contradictions, origin, text, split, row);
    }
  }

  /// Of texts without labels nothing does.
  private boolean labelsDiffer(int first, int text, int split, int row) {
    if (!splits.get(split).labelled()) {
      return false;
    }
    List<String> labels = example(first, firstRows[first][text]).labels();
    return !labels.equals(example(split, row).labels());
  }

  private void addExample(List<RowPair> examples, int first, int text, int split, int row) {
    if (examples.size() < MOST_EXAMPLES) {
      examples.add(new RowPair(place(first, firstRows[first][text]), place(split, row)));
    }
  }

  private Place place(int split, int row) {
    Example example = example(split, row);
    return new Place(splits.get(split).name(), row + 1, example.id(), example.labels());
  }

  private Example example(int split, int row) {
    return splits.get(split).examples().get(row);
  }
}
