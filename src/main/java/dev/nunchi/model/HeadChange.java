package dev.nunchi.model;

import dev.nunchi.Label;
import dev.nunchi.LabelSet;
import dev.nunchi.text.PlainName;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;

/// What becomes of a checkpoint's head where a classifier of certain labels is wanted.
///
/// @param labels of the classifier, in the order of its logits
/// @param isNew whether the head cannot be used
/// @param order where the labels stood in the checkpoint
record HeadChange(LabelSet labels, boolean isNew, LabelOrder order) {

  /// The head as it is, for the stored labels.
  static HeadChange kept(LabelSet stored) {
    return new HeadChange(stored, false, LabelOrder.AS_IT_WAS);
  }

  /// @param stored labels of the checkpoint
  /// @param wanted labels that the texts have
  static HeadChange of(LabelSet stored, LabelSet wanted, CheckpointDirectory.Order order) {
    if (order == CheckpointDirectory.Order.OF_THE_CHECKPOINT
        && stored.size() == 1
        && wanted.size() == 1) {
      return kept(new LabelSet(List.of(value(stored.get(0), wanted.get(0)))));
    }
    List<String> had = plainNames(stored);
    List<String> having = plainNames(wanted);
    if (had.size() != having.size() || !new HashSet<>(had).equals(new HashSet<>(having))) {
      return new HeadChange(wanted, true, LabelOrder.AS_IT_WAS);
    }
    return switch (order) {
      case OF_THE_CHECKPOINT -> kept(merged(stored, wanted, having));
      case AS_WANTED -> new HeadChange(wanted, false, LabelOrder.of(having, had));
    };
  }

  /// A regression's value under the name that it has, unless it is one that transformers gave it.
  private static Label value(Label stored, Label wanted) {
    return new Label(
        stored.name().matches("LABEL_\\d+") ? wanted.name() : stored.name(),
        wanted.polarity().isPresent() ? wanted.polarity() : stored.polarity());
  }

  private static List<String> plainNames(LabelSet labels) {
    return labels.names().stream().map(PlainName::of).toList();
  }

  /// The stored order, each label as the texts spell it, with the polarity that is wanted or else
  /// was stored.
  private static LabelSet merged(LabelSet stored, LabelSet wanted, List<String> wantedNames) {
    List<Label> labels = new ArrayList<>();
    for (Label label : stored.labels()) {
      Label other = wanted.get(wantedNames.indexOf(PlainName.of(label.name())));
      labels.add(other.polarity().isPresent() ? other : new Label(other.name(), label.polarity()));
    }
    return new LabelSet(labels);
  }
}
