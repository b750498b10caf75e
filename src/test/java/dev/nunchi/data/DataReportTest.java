package dev.nunchi.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.LabelSet;
import dev.nunchi.data.DataReport.Contradictions;
import dev.nunchi.data.DataReport.Matches;
import dev.nunchi.data.DataReport.Overlap;
import dev.nunchi.data.DataReport.RowPair;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

final class DataReportTest {
  private static final Matches NONE = new Matches(0, 0);

  private final DataReport report = SmallData.report();

  @Test
  void splits_smallData_areCounted() {
    assertEquals(
        List.of(
            new SplitReport(
                "train",
                6,
                Map.of("부정", 2, "중립", 1, "긍정", 3),
                0,
                1,
                new Lengths(49 / 6.0, 7, 13, 13, 13, 13),
                new Lengths(4.5, 4, 7, 7, 7, 7),
                0.25,
                new Matches(1, 2),
                new Matches(0, 3)),
            new SplitReport(
                "validation",
                3,
                Map.of("부정", 1, "중립", 1, "긍정", 1),
                0,
                0,
                new Lengths(8, 8, 9, 9, 9, 9),
                null,
                null,
                NONE,
                NONE),
            new SplitReport(
                "test",
                3,
                Map.of("부정", 1, "중립", 0, "긍정", 2),
                0,
                0,
                new Lengths(3, 1, 7, 7, 7, 7),
                null,
                null,
                NONE,
                NONE)),
        report.splits());
  }

  @Test
  void splits_labels_comeInTheOrderOfTheSetAndOthersBehind() {
    assertEquals(
        List.of("부정", "중립", "긍정"), List.copyOf(report.splits().getFirst().labelRows().keySet()));
    DataReport other =
        DataReport.of(LabelSet.of("긍정"), List.of(SmallData.TRAIN, SmallData.VALIDATION));
    assertEquals(
        List.of("긍정", "부정", "중립"), List.copyOf(other.splits().getLast().labelRows().keySet()));
  }

  @Test
  void balance_ofASplit_isOverTheLabelsThatItHas() {
    SplitReport train = report.splits().getFirst();
    assertEquals(0.5, train.share("긍정"));
    assertEquals(OptionalDouble.of(3), train.largestToSmallest());
    assertEquals(OptionalDouble.of(2), report.splits().getLast().largestToSmallest());
    assertEquals(0, report.splits().getLast().share("중립"));
  }

  @Test
  void overlaps_smallData_countRowsAndNameThem() {
    RowPair music = new RowPair(SmallData.place("train", 5), SmallData.place("validation", 1));
    RowPair middling = new RowPair(SmallData.place("train", 6), SmallData.place("validation", 2));
    RowPair testMusic = new RowPair(SmallData.place("train", 5), SmallData.place("test", 1));
    RowPair both = new RowPair(SmallData.place("validation", 1), SmallData.place("test", 1));
    assertEquals(
        List.of(
            new Overlap("train", "validation", new Matches(1, 2), List.of(music, middling)),
            new Overlap("train", "test", new Matches(1, 1), List.of(testMusic)),
            new Overlap("validation", "test", new Matches(1, 1), List.of(both))),
        report.overlaps());
  }

  @Test
  void contradictions_smallData_areFoundWithinAndAcrossSplits() {
    RowPair across = new RowPair(SmallData.place("train", 5), SmallData.place("validation", 1));
    RowPair within = new RowPair(SmallData.place("train", 2), SmallData.place("train", 4));
    assertEquals(
        new Contradictions(new Matches(3, 6), new Matches(0, 3), List.of(across, within)),
        report.contradictions());
  }

  @Test
  void examples_ofManyMatches_areThreeAndHoldNoText() {
    List<Example> train = new ArrayList<>();
    List<Example> test = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      train.add(new Example("t" + i, "비밀스러운 글 " + i, "긍정"));
      test.add(new Example("s" + i, "비밀스러운 글 " + i, "부정"));
    }
    DataReport many =
        DataReport.of(
            LabelSet.of("부정", "긍정"),
            List.of(new DataSplit("train", train), new DataSplit("test", test)));
    assertEquals(new Matches(10, 10), many.overlaps().getFirst().rows());
    assertEquals(3, many.overlaps().getFirst().examples().size());
    assertEquals(new Matches(20, 20), many.contradictions().rows());
    assertEquals(3, many.contradictions().examples().size());
    for (String said :
        List.of(many.toString(), many.toJson().toString(), many.warnings().toString())) {
      assertFalse(said.contains("비밀"));
      assertTrue(said.contains("s0"));
    }
    assertFalse(many.describe().contains("비밀"));
  }

  @Test
  void labelSets_sameInAnotherOrder_doNotContradict() {
    DataReport several =
        DataReport.of(
            LabelSet.of("기쁨", "슬픔"),
            List.of(
                new DataSplit(
                    "train",
                    List.of(
                        new Example("1", "웃다가 울었다", List.of("슬픔", "기쁨")),
                        new Example("2", "웃다가 울었다", List.of("기쁨", "슬픔")),
                        new Example("3", "오늘 일정", List.of()),
                        new Example("4", "오늘 일정", List.of("기쁨"))))));
    SplitReport train = several.splits().getFirst();
    assertEquals(Map.of("기쁨", 3, "슬픔", 2), train.labelRows());
    assertEquals(0.75, train.share("기쁨"));
    assertEquals(1, train.unlabelledRows());
    assertEquals(new Matches(2, 2), train.repeatedRows());
    assertEquals(new Matches(2, 2), train.contradictedRows());
    assertEquals(List.of(), several.overlaps());
  }

  @Test
  void of_splitWithoutRows_hasNoLengths() {
    DataReport empty =
        DataReport.of(
            LabelSet.of("긍정"),
            List.of(SmallData.TRAIN, new DataSplit("validation", List.of(), 0, row -> 1, null)));
    SplitReport validation = empty.splits().getLast();
    assertEquals(0, validation.rows());
    assertNull(validation.characters());
    assertNull(validation.tokens());
    assertEquals(OptionalDouble.empty(), validation.largestToSmallest());
    assertEquals(0, validation.share("긍정"));
    assertEquals(NONE, empty.overlaps().getFirst().rows());
  }

  @Test
  void of_unlabelledTexts_contradictNothingAndLackNothing() {
    List<Example> unlabelled =
        List.of(
            new Example("u1", "졸다가 나왔다", List.of()),
            new Example("u2", "다시 보고 싶다", List.of()),
            new Example("u3", "처음 보는 글", List.of()));
    DataSplit split = new DataSplit("unlabelled", unlabelled, 0, null, null, false);
    DataReport report =
        DataReport.of(
            SmallData.LABELS,
            List.of(SmallData.TRAIN, split, SmallData.VALIDATION, SmallData.TEST));
    assertEquals(SmallData.report().contradictions(), report.contradictions());
    SplitReport counted = report.splits().get(1);
    assertEquals(Map.of(), counted.labelRows());
    assertEquals(3, counted.unlabelledRows());
    assertEquals(new Matches(0, 0), counted.contradictedRows());
    assertEquals(new Matches(1, 1), report.overlaps().getFirst().rows(), "of train, counted");
    List<String> warnings = new ArrayList<>(report.warnings());
    warnings.removeAll(SmallData.report().warnings());
    assertEquals(1, warnings.size(), warnings::toString);
    assertTrue(warnings.getFirst().startsWith("Validation has texts of unlabelled in 1 of its 3"));
    assertTrue(report.describe().contains("unlabelled"), report::describe);
  }

  @Test
  void of_noSplit_isEmpty() {
    DataReport nothing = DataReport.of(LabelSet.of("긍정"), List.of());
    assertEquals(List.of(), nothing.splits());
    assertEquals(NONE, nothing.contradictions().rows());
    assertEquals(List.of(), nothing.warnings());
  }

  @Test
  void of_codePointsBeyondTheBasicPlane_countAsOne() {
    DataReport emoji =
        DataReport.of(
            LabelSet.of("긍정"),
            List.of(new DataSplit("train", List.of(new Example("1", "😀😀", "긍정")))));
    assertEquals(2, assertNotNullLengths(emoji).longest());
  }

  @Property(tries = 300)
  void counts_anyRows_areThoseOfPlainCounting(@ForAll("splits") List<List<Example>> splits) {
    DataReport counted = report(splits);
    for (int i = 0; i < splits.size(); i++) {
      SplitReport split = counted.splits().get(i);
      List<Example> rows = splits.get(i);
      assertEquals(rows.size(), split.rows());
      assertEquals(
          new Matches(
              rows.size() - (int) rows.stream().map(Example::text).distinct().count(),
              rows.size()
                  - (int) rows.stream().map(row -> CompareKey.of(row.text())).distinct().count()),
          split.repeatedRows());
      assertEquals(
          new Matches(
              contradicted(rows, rows, UnaryOperator.identity()),
              contradicted(rows, rows, CompareKey::of)),
          split.contradictedRows());
    }
    List<Example> all = splits.stream().flatMap(List::stream).toList();
    assertEquals(
        new Matches(
            contradicted(all, all, UnaryOperator.identity()),
            contradicted(all, all, CompareKey::of)),
        counted.contradictions().rows());
    for (Overlap overlap : counted.overlaps()) {
      List<Example> first = splits.get(Integer.parseInt(overlap.first()));
      List<Example> second = splits.get(Integer.parseInt(overlap.second()));
      assertEquals(
          new Matches(
              shared(first, second, UnaryOperator.identity()),
              shared(first, second, CompareKey::of)),
          overlap.rows());
      assertEquals(overlap.rows().normalized() > 0, !overlap.examples().isEmpty());
    }
  }

  @Property(tries = 200)
  void counts_anyRows_doNotDependOnTheirOrder(
      @ForAll("splits") List<List<Example>> splits, @ForAll long seed) {
    Random random = new Random(seed);
    List<List<Example>> shuffled = new ArrayList<>();
    for (List<Example> rows : splits) {
      List<Example> copy = new ArrayList<>(rows);
      Collections.shuffle(copy, random);
      shuffled.add(copy);
    }
    DataReport one = report(splits);
    DataReport other = report(shuffled);
    assertEquals(one.splits(), other.splits());
    assertEquals(
        one.overlaps().stream().map(Overlap::rows).toList(),
        other.overlaps().stream().map(Overlap::rows).toList());
    assertEquals(one.contradictions().rows(), other.contradictions().rows());
    assertEquals(
        one.contradictions().rowsWithinSplits(), other.contradictions().rowsWithinSplits());
  }

  @Provide
  Arbitrary<List<List<Example>>> splits() {
    Arbitrary<String> texts = Arbitraries.of("가", "가!", "가 가", "ㄱㅏ", "나", "나.", "👍", "👎", "👍 ");
    Arbitrary<List<String>> labels =
        Arbitraries.of(List.of("긍정"), List.of("긍정"), List.of("부정"), List.of("긍정", "부정"));
    Arbitrary<Example> rows =
        Combinators.combine(texts, labels).as((text, label) -> new Example("1", text, label));
    return rows.list().ofMaxSize(8).list().ofMaxSize(4);
  }

  private static DataReport report(List<List<Example>> splits) {
    return DataReport.of(
        LabelSet.of("부정", "긍정"),
        IntStream.range(0, splits.size())
            .mapToObj(i -> new DataSplit(Integer.toString(i), splits.get(i)))
            .toList());
  }

  /// Rows of `rows` whose text stands in `among` with other labels.
  private static int contradicted(
      List<Example> rows, List<Example> among, UnaryOperator<String> key) {
    return (int)
        rows.stream()
            .filter(row ->
                among.stream()
                    .anyMatch(other ->
                        key.apply(row.text()).equals(key.apply(other.text()))
                            && !row.labels().equals(other.labels())))
            .count();
  }

  private static int shared(List<Example> first, List<Example> second, UnaryOperator<String> key) {
    List<String> keys = first.stream().map(row -> key.apply(row.text())).toList();
    return (int) second.stream().filter(row -> keys.contains(key.apply(row.text()))).count();
  }

  private static Lengths assertNotNullLengths(DataReport report) {
    Lengths lengths = report.splits().getFirst().characters();
    assertNotNull(lengths);
    return lengths;
  }
}
