package dev.nunchi.train;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.LabelSet;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.model.AdapterBase;
import dev.nunchi.model.BaseModels;
import dev.nunchi.model.CheckpointContents;
import dev.nunchi.model.CheckpointDirectory;
import dev.nunchi.model.LowRankUpdate;
import dev.nunchi.model.ManifestFile;
import dev.nunchi.model.Nf4Base;
import dev.nunchi.model.Provenance;
import dev.nunchi.nn.Adapters;
import dev.nunchi.nn.ElementType;
import dev.nunchi.nn.Lora;
import dev.nunchi.nn.LowRank;
import dev.nunchi.nn.Network;
import dev.nunchi.nn.Nf4Weight;
import dev.nunchi.nn.Weight;
import dev.nunchi.nn.Weights;
import dev.nunchi.text.CharacterVocabulary;
import dev.nunchi.text.Normalization;
import dev.nunchi.text.Normalizer;
import dev.nunchi.text.Vocabulary;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
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
/// @param adapter that is trained, null where all weights are
/// @param release gives weights and tokenizer back
record StartingPoint(
    LabelSet labels,
    ObjectNode config,
    Weights weights,
    Path tokenizerDirectory,
    Normalization normalization,
    Map<String, String> baseModel,
    CheckpointContents.@Nullable Adapter adapter,
    Runnable release)
    implements AutoCloseable {

  private static final String BASE_MODEL = "base_model";

  /// The adapter that a run went on from.
  private static final String BASE_MODEL_ADAPTER = "base_model_adapter";

  /// A checkpoint of the same run. It knows the base, which may have gone, unless it is an adapter
  /// of it.
  static StartingPoint ofRun(Resumption resumption, Recipe recipe, BaseModels bases) {
    CheckpointDirectory checkpoint = CheckpointDirectory.openApart(resumption.checkpoint(), bases);
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
          checkpoint,
          checkpoint.config(),
          checkpoint.weights(),
          checkpoint.description().text().normalization(),
          base,
          adapter(checkpoint));
    } catch (RuntimeException e) {
      checkpoint.close();
      throw e;
    }
  }

  /// A checkpoint to fine-tune, whose head is new where its labels are others; an adapter goes on
  /// as the one that it is.
  static StartingPoint ofBase(
      Path base, Recipe recipe, LabelSet wanted, TrainingListener listener, BaseModels bases) {
    // What a recipe says of the order goes before; the data has no order of its own.
    CheckpointDirectory.Order order =
        recipe.data().labels() == null
            ? CheckpointDirectory.Order.OF_THE_CHECKPOINT
            : CheckpointDirectory.Order.AS_WANTED;
    CheckpointDirectory checkpoint =
        CheckpointDirectory.open(base, wanted, order, recipe.data().problemType(), bases);
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
      CheckpointContents.@Nullable Adapter adapter = adapter(checkpoint);
      Weights weights = new KnownWeights(checkpoint.weights(), fresh);
      boolean begins = adapter == null;
      if (adapter != null) {
        requireSameAdapters(recipe, checkpoint.network(), adapter.lora(), base);
        named.put(BASE_MODEL_ADAPTER, named.getOrDefault(BASE_MODEL, base.toString()));
      } else if (recipe.lora() != null) {
        adapter = newAdapter(recipe.lora(), checkpoint, base);
      }
      if (adapter != null) {
        adapter = recipe.start().loadIn4bit() ? adapter.onNf4() : adapter;
        named.put(BASE_MODEL, adapter.base().name());
        named.putAll(adapter.base().provenance());
        Network adapted = checkpoint.network().adapted(adapter.lora());
        weights = adapter.base().inNf4() ? Nf4Base.of(weights, adapted) : weights;
        weights = begins ? Magnitudes.with(weights, adapted) : weights;
      } else if (recipe.start().loadIn4bit()) {
        throw new NunchiException(
            Reason.INVALID_RECIPE,
            "load_in_4bit: true needs lora, as weights in NF4 cannot be trained; give lora too, as"
                + " --set lora.r=8");
      }
      return of(
          checkpoint,
          overridden(checkpoint.config(), recipe.start().configOverrides(), base, adapter != null),
          weights,
          normalization(recipe, base),
          named,
          adapter);
    } catch (RuntimeException e) {
      checkpoint.close();
      throw e;
    }
  }

  /// @throws NunchiException `INVALID_RECIPE` where a key is none of the configuration's
  private static ObjectNode overridden(
      ObjectNode config, @Nullable Map<String, Double> overrides, Path base, boolean adapted) {
    if (overrides == null) {
      return config;
    }
    if (adapted) {
      throw new NunchiException(
          Reason.INVALID_RECIPE,
          "config_overrides is for training all weights, and %s is an adapter; leave it out"
              .formatted(base));
    }
    ObjectNode changed = config.deepCopy();
    overrides.forEach((key, value) -> {
      if (!config.has(key)) {
        throw new NunchiException(
            Reason.INVALID_RECIPE,
            "config_overrides: expected keys of %s, but it has no %s"
                .formatted(base.resolve("config.json"), key));
      }
      changed.put(key, value);
    });
    return changed;
  }

  /// The adapter that a checkpoint is, null where it is none.
  private static CheckpointContents.@Nullable Adapter adapter(CheckpointDirectory checkpoint) {
    return checkpoint.lora().isEmpty()
        ? null
        : new CheckpointContents.Adapter(checkpoint.lora().get(), checkpoint.base().orElseThrow());
  }

  /// With what begins anew among the modules that are trained in full: else it would stay as chance
  /// made it, and not be saved.
  private static CheckpointContents.Adapter newAdapter(
      Recipe.LowRank lora, CheckpointDirectory checkpoint, Path base) {
    List<String> fresh =
        checkpoint.missing().stream()
            .map(parameter -> parameter.name().substring(0, parameter.name().lastIndexOf('.')))
            .filter(module -> Lora.HEADS.stream().noneMatch(head -> isIn(module, head)))
            .toList();
    return new CheckpointContents.Adapter(lora.settings().saving(fresh), AdapterBase.of(base));
  }

  private static boolean isIn(String module, String outer) {
    return module.equals(outer) || module.startsWith(outer + ".");
  }

  /// @throws NunchiException `INVALID_RECIPE` where the recipe wants other adapters than there are
  private static void requireSameAdapters(
      Recipe recipe, Network network, Lora known, Path directory) {
    if (recipe.lora() == null) {
      return;
    }
    Adapters wanted = network.adapted(recipe.lora().settings()).adapters();
    Adapters there = network.adapted(known).adapters();
    boolean same =
        wanted.layers().equals(there.layers())
            && wanted.dropout() == there.dropout()
            && there.saved().containsAll(wanted.saved());
    if (!same) {
      throw new NunchiException(
          Reason.INVALID_RECIPE,
          ("lora is not as the adapter %s has it, which is trained on: leave lora out to keep the"
                  + " adapter's own settings, or merge the adapter (nunchi merge) and begin another"
                  + " on that")
              .formatted(directory));
    }
  }

  /// The network that is trained.
  ///
  /// @throws NunchiException `INVALID_RECIPE` where `lora` matches no layer of it
  Network network() {
    Network whole = Network.of(config);
    return adapter == null ? whole : whole.adapted(adapter.lora());
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
        FreshVocabulary.train(texts.learnt(), Normalizer.of(normalization), recipe);
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
          null,
          vocabulary::close);
    } catch (RuntimeException e) {
      vocabulary.close();
      throw e;
    }
  }

  private static StartingPoint of(
      CheckpointDirectory checkpoint,
      ObjectNode config,
      Weights weights,
      Normalization normalization,
      Map<String, String> baseModel,
      CheckpointContents.@Nullable Adapter adapter) {
    return new StartingPoint(
        checkpoint.labels(),
        config,
        weights,
        checkpoint.tokenizerDirectory(),
        normalization,
        baseModel,
        adapter,
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

    @Override
    public List<Integer> shape(String name) {
      return all.shape(name);
    }

    @Override
    public ElementType type(String name) {
      return all.type(name);
    }

    @Override
    public boolean isQuantized(String name) {
      return all.isQuantized(name);
    }

    @Override
    public Optional<Nf4Weight> quantized(String name) {
      return all.quantized(name);
    }
  }

  /// Weights with the magnitudes that fresh adapters start with: the lengths of the rows that they
  /// adapt.
  private record Magnitudes(Weights all, Set<String> layers) implements Weights {
    static Weights with(Weights all, Network network) {
      Set<String> layers = new HashSet<>();
      network
          .adapters()
          .layers()
          .forEach((layer, adapter) -> {
            if (adapter.decomposed()) {
              layers.add(layer);
            }
          });
      return layers.isEmpty() ? all : new Magnitudes(all, layers);
    }

    @Override
    public Set<String> names() {
      Set<String> names = new HashSet<>(all.names());
      layers.forEach(layer -> names.add(LowRank.magnitudeVector(layer)));
      return names;
    }

    @Override
    public Weight get(String name) {
      for (String layer : layers) {
        if (name.equals(LowRank.magnitudeVector(layer))) {
          return LowRankUpdate.lengths(all.get(layer + ".weight"));
        }
      }
      return all.get(name);
    }

    @Override
    public ElementType type(String name) {
      return all.names().contains(name) ? all.type(name) : ElementType.F32;
    }

    @Override
    public boolean isQuantized(String name) {
      return all.isQuantized(name);
    }

    @Override
    public Optional<Nf4Weight> quantized(String name) {
      return all.quantized(name);
    }
  }
}
