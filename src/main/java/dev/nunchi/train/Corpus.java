package dev.nunchi.train;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.LabelSet;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.data.DataReport;
import dev.nunchi.data.DataSplit;
import dev.nunchi.data.Example;
import dev.nunchi.nn.Network;
import dev.nunchi.text.Normalizer;
import dev.nunchi.text.TextEncoder;
import dev.nunchi.text.Truncation;
import dev.nunchi.torch.Targets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/// The texts of a run as its network reads them. Owns the encoder.
///
/// @param truncation of longer texts
/// @param train the labelled texts, then those without a label
/// @param labelledCount how many are labelled
/// @param validation empty where nothing is measured
record Corpus(
    LabelSet labels,
    TextEncoder encoder,
    Truncation truncation,
    EncodedTexts train,
    int labelledCount,
    EncodedTexts validation)
    implements AutoCloseable {

  static Corpus encode(TrainingTexts texts, StartingPoint start, Recipe recipe) {
    Truncation truncation = Truncation.valueOf(recipe.data().truncation().toUpperCase(Locale.ROOT));
    TextEncoder encoder =
        TextEncoder.open(
            start.tokenizerDirectory(),
            Normalizer.of(start.normalization()),
            recipe.data().maxLength());
    try {
      Corpus corpus =
          new Corpus(
              texts.labels(),
              encoder,
              truncation,
              EncodedTexts.of(texts.learnt(), texts::targets, encoder, truncation),
              texts.train().size(),
              EncodedTexts.of(texts.validation(), texts::targets, encoder, truncation));
      corpus.requireTokenTypes(start.config());
      return corpus;
    } catch (RuntimeException e) {
      encoder.close();
      throw e;
    }
  }

  /// A tokenizer may mark a context by a type that the network has no embedding for. One that reads
  /// no types knows the context by the separators alone.
  private void requireTokenTypes(ObjectNode config) {
    int highest = Math.max(train.highestTokenType(), validation.highestTokenType());
    int types = config.path("type_vocab_size").asInt(highest + 1);
    if (highest >= types && Network.of(config).trunk().readsTokenTypes()) {
      throw new NunchiException(
          Reason.INVALID_RECIPE,
          ("input_template: the tokenizer marks a context by the token type %d, but type_vocab_size"
                  + " of the network is %d")
              .formatted(highest, types));
    }
  }

  /// The training texts that are labelled.
  EncodedTexts labelled() {
    return train.part(0, labelledCount);
  }

  /// The same with what a teacher answers to the training texts.
  ///
  /// @param teacher `[texts, labels]`, of a regression its values
  Corpus taught(float[][] teacher) {
    boolean[] labelled = new boolean[train.size()];
    Arrays.fill(labelled, 0, labelledCount, true);
    return new Corpus(
        labels,
        encoder,
        truncation,
        new EncodedTexts(
            train.encodings(), new Targets.Distilled(train.targets(), labelled, teacher)),
        labelledCount,
        validation);
  }

  /// What the splits hold: that of the unlabelled texts, where there are any, after the first.
  ///
  /// @param texts those that this was encoded from
  DataReport report(TrainingTexts texts) {
    List<DataSplit> splits = new ArrayList<>();
    splits.add(
        split("train", texts.counted(texts.train()), texts.emptyTexts().train(), labelled(), true));
    if (!texts.unlabelled().isEmpty()) {
      splits.add(
          split(
              "unlabelled",
              texts.unlabelled(),
              texts.emptyTexts().unlabelled(),
              train.part(labelledCount, train.size()),
              false));
    }
    if (texts.hasValidation()) {
      splits.add(
          split(
              "validation",
              texts.counted(texts.validation()),
              texts.emptyTexts().validation(),
              validation,
              true));
    }
    return DataReport.of(texts.countedLabels(), splits);
  }

  private DataSplit split(
      String name,
      List<Example> examples,
      long emptyTexts,
      EncodedTexts encoded,
      boolean labelled) {
    return new DataSplit(
        name,
        examples,
        emptyTexts,
        i -> encoded.encodings().get(i).tokenCount(),
        encoded.unknownShare(encoder.specialTokens()),
        labelled);
  }

  @Override
  public void close() {
    encoder.close();
  }
}
