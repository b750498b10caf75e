package dev.nunchi.data;

import dev.nunchi.LabelSet;
import dev.nunchi.data.DataReport.Place;
import java.util.List;
import java.util.stream.Stream;

/// Three splits of twelve rows that have every fault a [DataReport] looks for.
final class SmallData {
  static final LabelSet LABELS = LabelSet.of("부정", "중립", "긍정");

  static final DataSplit TRAIN =
      new DataSplit(
          "train",
          List.of(
              new Example("t1", "배우들 연기가 참 좋았다", "긍정"),
              new Example("t2", "졸다가 나왔다", "부정"),
              new Example("t3", "졸다가 나왔다", "부정"),
              new Example("t4", "졸다가 나왔다!!", "긍정"),
              new Example("t5", "음악이 남는다", "긍정"),
              new Example("t6", "그냥 그래요", "중립")),
          1,
          row -> row + 2,
          0.25);

  static final DataSplit VALIDATION =
      new DataSplit(
          "validation",
          List.of(
              new Example("v1", "음악이 남는다", "부정"),
              new Example("v2", "그냥 그래요...", "중립"),
              new Example("v3", "다시 보고 싶다", "긍정")));

  static final DataSplit TEST =
      new DataSplit(
          "test",
          List.of(
              new Example("s1", "음악이 남는다", "긍정"),
              new Example("s2", "👍", "긍정"),
              new Example("s3", "👎", "부정")));

  private SmallData() {}

  static DataReport report() {
    return DataReport.of(LABELS, List.of(TRAIN, VALIDATION, TEST));
  }

  /// @param row counted from 1
  static Place place(String split, int row) {
    Example example =
        Stream.of(TRAIN, VALIDATION, TEST)
            .filter(data -> data.name().equals(split))
            .map(data -> data.examples().get(row - 1))
            .findFirst()
            .orElseThrow();
    return new Place(split, row, example.id(), example.labels());
  }
}
