package dev.nunchi.train;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.LabelSet;
import dev.nunchi.model.CheckpointDirectory;
import dev.nunchi.model.ManifestFile;
import dev.nunchi.model.Provenance;
import dev.nunchi.nn.Weight;
import dev.nunchi.nn.Weights;
import dev.nunchi.text.CharacterVocabulary;
import dev.nunchi.text.Normalization;
import dev.nunchi.text.Normalizer;
import dev.nunchi.text.Vocabulary;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What a run has before its first step: the checkpoint of an earlier process that it goes on from,
/// the one of a base model, or nothing but the configuration of a new network.
///
/// @param labels in the order of the logits
/// @param config the network's `config.json`
/// @param weights those that do not begin at their initial values; open until [#close]
/// @param baseModel what manifest and card say of the model that the run started from; empty for
///   none
/// @param tokenizerDirectory where the tokenizer's files are, there until [#close]
/// @param release gives weights and tokenizer back
record StartingPoint(
    LabelSet labels,
    ObjectNode config,
    Weights weights,
    Path tokenizerDirectory,
    Normalization normalization,
    Map<String, String> baseModel,
    Runnable release)
    implements AutoCloseable {

  private static final String BASE_MODEL = "base_model";

  /// A checkpoint of the same run. It knows the base, which may have gone.
  static StartingPoint ofRun(Resumption resumption, Recipe recipe) {
    CheckpointDirectory checkpoint = CheckpointDirectory.open(resumption.checkpoint());
    try {
      checkpoint.requireComplete();
      Map<String, String> base = named(recipe);
      checkpoint
          .description()
          .origin()
          .provenance()
          .forEach((key, value) -> {
            if (key.startsWith(BASE_MODEL)) {
              base.put(key, value);
            }
          });
      return of(
          checkpoint, checkpoint.weights(), checkpoint.description().text().normalization(), base);
    } catch (RuntimeException e) {
      checkpoint.close();
      throw e;
    }
  }

  /// A checkpoint to fine-tune, whose head is new where its labels are others.
  static StartingPoint ofBase(
      Path base, Recipe recipe, LabelSet wanted, TrainingListener listener) {
    // What a recipe says of the order goes before; the data has no order of its own.
    CheckpointDirectory.Order order =
        recipe.data().labels() == null
            ? CheckpointDirectory.Order.OF_THE_CHECKPOINT
            : CheckpointDirectory.Order.AS_WANTED;
    CheckpointDirectory checkpoint =
        CheckpointDirectory.open(base, wanted, order, recipe.data().problemType());
    try {
      if (checkpoint.losesHead()) {
        listener.warned(
            "The labels of %s are not those of the texts, so its head is left and a new one begins"
                .formatted(base));
      }
      Set<String> fresh = new HashSet<>();
      checkpoint.missing().forEach(parameter -> fresh.add(parameter.name()));
      Map<String, String> named = named(recipe);
      named.putAll(Provenance.of(base).asBase());
      return of(
          checkpoint,
          new KnownWeights(checkpoint.weights(), fresh),
          normalization(recipe, base),
          named);
    } catch (RuntimeException e) {
      checkpoint.close();
      throw e;
    }
  }

  /// A new network, with a vocabulary made of the training texts.
  static StartingPoint fresh(Recipe recipe, TrainingTexts texts, TrainingListener listener) {
    Normalization normalization = normalization(recipe, null);
    listener.preparing(
        recipe.start().tokenizerType() == Recipe.TokenizerType.BPE
            ? String.format(
                Locale.ROOT,
                "Training a vocabulary of %,d pieces",
                recipe.start().tokenizerVocabSize())
            : "Collecting the characters of the vocabulary");
    FreshVocabulary vocabulary =
        FreshVocabulary.train(texts.train(), Normalizer.of(normalization), recipe);
    try {
      ObjectNode config =
          new ObjectMapper().valueToTree(Objects.requireNonNull(recipe.start().modelConfig()));
      config.put("vocab_size", vocabulary.size());
      config.put("pad_token_id", Vocabulary.PAD_ID);
      if (recipe.start().tokenizerType() == Recipe.TokenizerType.CHARACTERS) {
        config.put("first_syllable_id", CharacterVocabulary.FIRST_SYLLABLE_ID);
      }
      ObjectNode id2label = config.putObject("id2label");
      for (int i = 0; i < texts.labels().size(); i++) {
        id2label.put(Integer.toString(i), texts.labels().get(i).name());
      }
      NewNetwork.check(config);
      return new StartingPoint(
          texts.labels(),
          config,
          Weights.NONE,
          vocabulary.directory(),
          normalization,
          Map.of(),
          vocabulary::close);
    } catch (RuntimeException e) {
      vocabulary.close();
      throw e;
    }
  }

  private static StartingPoint of(
      CheckpointDirectory checkpoint,
      Weights weights,
      Normalization normalization,
      Map<String, String> baseModel) {
    return new StartingPoint(
        checkpoint.labels(),
        checkpoint.config(),
        weights,
        checkpoint.path(),
        normalization,
        baseModel,
        checkpoint::close);
  }

  /// The base as the recipe names it.
  private static Map<String, String> named(Recipe recipe) {
    Map<String, String> named = new LinkedHashMap<>();
    if (recipe.start().modelNameOrPath() != null) {
      named.put(BASE_MODEL, recipe.start().modelNameOrPath());
    }
    return named;
  }

  /// As the recipe says, else as the base was trained, else every step.
  private static Normalization normalization(Recipe recipe, @Nullable Path base) {
    @Nullable String wanted = recipe.data().normalization();
    if (wanted != null) {
      return wanted.equals("none") ? Normalization.NONE : Normalization.STANDARD;
    }
    return base == null
        ? Normalization.STANDARD
        : ManifestFile.read(base)
            .map(manifest -> manifest.text().normalization())
            .orElse(Normalization.NONE);
  }

  @Override
  public void close() {
    release.run();
  }

  /// The weights of a checkpoint without those that start afresh.
  private record KnownWeights(Weights all, Set<String> fresh) implements Weights {
    @Override
    public Set<String> names() {
      Set<String> names = new HashSet<>(all.names());
      names.removeAll(fresh);
      return names;
    }

    @Override
    public Weight get(String name) {
      return all.get(name);
    }
  }
}
