package dev.nunchi.train;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.LabelSet;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.data.DataReport;
import dev.nunchi.data.DataSplit;
import dev.nunchi.nn.Network;
import dev.nunchi.text.Normalizer;
import dev.nunchi.text.TextEncoder;
import dev.nunchi.text.Truncation;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// The texts of a run as its network reads them. Owns the encoder.
///
/// @param truncation of longer texts
/// @param validation empty where nothing is measured
record Corpus(
    LabelSet labels,
    TextEncoder encoder,
    Truncation truncation,
    EncodedTexts train,
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
              EncodedTexts.of(texts.train(), texts::targets, encoder, truncation),
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

  /// What the splits hold.
  ///
  /// @param texts those that this was encoded from
  DataReport report(TrainingTexts texts) {
    List<DataSplit> splits = new ArrayList<>();
    splits.add(
        new DataSplit(
            "train",
            texts.counted(texts.train()),
            texts.emptyTrainTexts(),
            i -> train.encodings().get(i).tokenCount(),
            train.unknownShare(encoder.specialTokens())));
    if (texts.hasValidation()) {
      splits.add(
          new DataSplit(
              "validation",
              texts.counted(texts.validation()),
              texts.emptyValidationTexts(),
              i -> validation.encodings().get(i).tokenCount(),
              validation.unknownShare(encoder.specialTokens())));
    }
    return DataReport.of(texts.countedLabels(), splits);
  }

  @Override
  public void close() {
    encoder.close();
  }
}
