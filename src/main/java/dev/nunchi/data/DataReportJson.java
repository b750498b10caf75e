package dev.nunchi.data;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.data.DataReport.Matches;
import dev.nunchi.data.DataReport.Overlap;
import dev.nunchi.data.DataReport.Place;
import dev.nunchi.data.DataReport.RowPair;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A [DataReport] as JSON; what was not counted is left out.
final class DataReportJson {
  private DataReportJson() {}

  static ObjectNode of(DataReport report) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    ArrayNode splits = json.putArray("splits");
    report.splits().forEach(split -> add(splits.addObject(), split));
    ArrayNode overlaps = json.putArray("overlaps");
    for (Overlap overlap : report.overlaps()) {
      ObjectNode node = overlaps.addObject();
      node.put("first", overlap.first()).put("second", overlap.second());
      add(node.putObject("rows"), overlap.rows());
      add(node.putArray("examples"), overlap.examples());
    }
    ObjectNode contradictions = json.putObject("contradictions");
    add(contradictions.putObject("rows"), report.contradictions().rows());
    add(contradictions.putObject("rows_within_splits"), report.contradictions().rowsWithinSplits());
    add(contradictions.putArray("examples"), report.contradictions().examples());
    ArrayNode warnings = json.putArray("warnings");
    report.warnings().forEach(warnings::add);
    return json;
  }

  private static void add(ObjectNode json, SplitReport split) {
    json.put("name", split.name()).put("rows", split.rows());
    ObjectNode labels = json.putObject("labels");
    split
        .labelRows()
        .forEach((label, rows) ->
            labels.putObject(label).put("rows", rows).put("share", split.share(label)));
    json.put("unlabelled_rows", split.unlabelledRows());
    json.put("empty_texts_left_out", Math.toIntExact(split.emptyTexts()));
    split.largestToSmallest().ifPresent(ratio -> json.put("largest_to_smallest", ratio));
    addLengths(json, "characters", split.characters());
    addLengths(json, "tokens", split.tokens());
    if (split.unknownShare() != null) {
      json.put("unknown_token_share", split.unknownShare());
    }
    add(json.putObject("repeated_rows"), split.repeatedRows());
    add(json.putObject("contradicted_rows"), split.contradictedRows());
  }

  private static void addLengths(ObjectNode json, String name, @Nullable Lengths lengths) {
    if (lengths != null) {
      json.putObject(name)
          .put("mean", lengths.mean())
          .put("median", lengths.median())
          .put("percentile_90", lengths.percentile90())
          .put("percentile_95", lengths.percentile95())
          .put("percentile_99", lengths.percentile99())
          .put("longest", lengths.longest());
    }
  }

  private static void add(ObjectNode json, Matches matches) {
    json.put("exact", matches.exact()).put("normalized", matches.normalized());
  }

  private static void add(ArrayNode json, List<RowPair> pairs) {
    for (RowPair pair : pairs) {
      ArrayNode node = json.addArray();
      for (Place place : List.of(pair.first(), pair.second())) {
        ObjectNode row = node.addObject();
        row.put("split", place.split()).put("row", place.row()).put("id", place.id());
        ArrayNode labels = row.putArray("labels");
        place.labels().forEach(labels::add);
      }
    }
  }
}
