package dev.nunchi.model;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.nn.ElementType;
import dev.nunchi.nn.Network;
import dev.nunchi.nn.Weight;
import dev.nunchi.text.KeptIds;
import dev.nunchi.text.VocabularyCut;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A checkpoint whose vocabulary is cut: the rows of the tables that count tokens, its tokenizer's
/// files, and what its configuration says of ids.
///
/// Every other tensor is written as it stands, under the name and in the type that it has, so that
/// a text whose pieces are kept gives the same numbers. Shards become one file.
public final class VocabularyTrim implements AutoCloseable {
  private static final String CARD = "README.md";

  private final CheckpointDirectory source;
  private final VocabularyCut cut;
  private final CountedTensors tensors;
  private final Arena arena;

  private VocabularyTrim(
      CheckpointDirectory source, VocabularyCut cut, CountedTensors tensors, Arena arena) {
    this.source = source;
    this.cut = cut;
    this.tensors = tensors;
    this.arena = arena;
  }

  /// Opens a checkpoint to cut it.
  ///
  /// @throws NunchiException `INVALID_ARGUMENT` for an adapter, `UNSUPPORTED_MODEL` where the
  ///   network has no table of pieces or the tokenizer is of a kind that is not cut, and as
  ///   [CheckpointDirectory#open(Path)]
  public static VocabularyTrim open(Path directory) {
    ModelFiles.requireReadable(directory);
    if (AdapterDirectory.holds(directory)) {
      throw new NunchiException(
          Reason.INVALID_ARGUMENT,
          "%s is an adapter, which has no vocabulary of its own; trim its base before training, or the checkpoint that 'nunchi merge' makes of both"
              .formatted(directory));
    }
    CheckpointDirectory source = CheckpointDirectory.open(directory);
    Arena arena = Arena.ofShared();
    try {
      if (source.network().trunk().prefix().isEmpty()) {
        throw new NunchiException(
            Reason.UNSUPPORTED_MODEL,
            "%s is of the family %s, which reads n-grams of characters and has no table of pieces to trim"
                .formatted(directory, source.network().modelType()));
      }
      return new VocabularyTrim(
          source,
          VocabularyCut.of(directory),
          CountedTensors.map(directory, source.network(), arena),
          arena);
    } catch (RuntimeException e) {
      arena.close();
      source.close();
      throw e;
    }
  }

  /// What the directory says of its model.
  public Manifest description() {
    return source.description();
  }

  public VocabularyCut vocabulary() {
    return cut;
  }

  /// Rows of the table of the tokens' embeddings.
  public int rows() {
    return source.network().vocabularySize();
  }

  /// Whether the directory says how texts are normalised.
  public boolean hasManifest() {
    return source.manifest().isPresent();
  }

  /// Ids that the configuration and the probe name.
  ///
  /// @throws NunchiException `INVALID_MODEL` where the configuration names one that no token has
  public Set<Integer> namedIds() {
    Set<Integer> named = new LinkedHashSet<>();
    ConfiguredIds.in(source.config())
        .forEach((key, ids) -> {
          for (int id : ids) {
            if (!cut.has(id)) {
              throw new NunchiException(
                  Reason.INVALID_MODEL,
                  "%s: %s is %d, but %s has no token of that id"
                      .formatted(
                          source.path().resolve(CheckpointConfig.FILE_NAME), key, id, cut.file()));
            }
          }
          named.addAll(ids);
        });
    @Nullable Probe probe = source.description().proof().probe();
    if (probe != null) {
      probe.cases().forEach(each -> named.addAll(each.inputIds()));
    }
    if (countsPositionsFromPadding(source.network())) {
      // Its id is the number of the first position, so that what comes before it stays too.
      IntStream.rangeClosed(0, source.network().padTokenId()).filter(cut::has).forEach(named::add);
    }
    return named;
  }

  /// As RoBERTa: the table of positions has a row for padding.
  private static boolean countsPositionsFromPadding(Network network) {
    return network.parameters().stream().skip(1).anyMatch(parameter -> parameter.zeroRow() >= 0);
  }

  /// How large the weights are.
  public record Size(long parameters, long bytes) {
    static Size of(Stream<Weight> weights) {
      return weights
          .filter(weight -> FloatWeights.isFloat(weight.type()))
          .map(weight ->
              new Size(weight.data().byteSize() / weight.type().bytes(), weight.data().byteSize()))
          .reduce(
              new Size(0, 0), (a, b) -> new Size(a.parameters + b.parameters, a.bytes + b.bytes));
    }
  }

  public Size size() {
    return Size.of(tensors.stored().values().stream());
  }

  /// The tokenizer with the pieces that are kept.
  public void writeTokenizer(KeptIds kept, Path directory) {
    try {
      TrimmedTokenizerFiles.write(cut, kept, source.path(), directory);
    } catch (IOException e) {
      throw DurableFiles.notWritten(directory, e);
    }
  }

  /// All but the tokenizer, which is there; the manifest comes last.
  ///
  /// @param origin of the trimmed model: what stands in the manifest about where it comes from
  /// @param card what the model's card says of the cut
  /// @return the size of the weights
  public Size write(KeptIds kept, Map<String, String> origin, String card, Path directory) {
    try {
      Map<String, String> digests =
          new TreeMap<>(
              Digests.of(
                  directory,
                  DurableFiles.entries(directory).stream()
                      .map(file -> file.getFileName().toString())
                      .toList()));
      ObjectNode config = ConfiguredIds.renumbered(source.config(), kept);
      config.put("vocab_size", kept.size());
      Files.writeString(directory.resolve(CheckpointConfig.FILE_NAME), Json.pretty(config));
      digests.putAll(Digests.of(directory, List.of(CheckpointConfig.FILE_NAME)));
      Map<String, Weight> weights = tensors.cut(kept, arena);
      String digest = SafetensorsWriter.write(directory.resolve(CheckpointWeights.SINGLE), weights);
      digests.put(CheckpointWeights.SINGLE, digest);
      Set<String> documents = documents(card, directory);
      ManifestFile.write(
          directory,
          manifest(kept, origin)
              .written(
                  precision(),
                  Digests.revision(Map.of(CheckpointWeights.SINGLE, digest)),
                  digests,
                  Digests.of(directory, documents)));
      return Size.of(weights.values().stream());
    } catch (IOException e) {
      throw DurableFiles.notWritten(directory, e);
    }
  }

  private Manifest manifest(KeptIds kept, Map<String, String> origin) {
    Manifest before = source.description();
    @Nullable Probe probe = before.proof().probe();
    Map<String, String> provenance = new LinkedHashMap<>(before.origin().provenance());
    provenance.putAll(origin);
    return before
        .withProbe(probe == null ? null : renumbered(probe, kept))
        .withOrigin(
            new Manifest.Origin(
                before.origin().quality(),
                provenance,
                before.origin().quality().isEmpty()
                    ? before.origin().notes()
                    : Stream.concat(
                            before.origin().notes().stream(),
                            Stream.of(
                                "The figures were measured before the vocabulary was trimmed."))
                        .toList()));
  }

  private static Probe renumbered(Probe probe, KeptIds kept) {
    return new Probe(
        probe.cases().stream()
            .map(each ->
                new Probe.Case(
                    each.text(), each.inputIds().stream().map(kept::newId).toList(), each.logits()))
            .toList());
  }

  private Precision precision() {
    ElementType type = tensors.table().type();
    return switch (type) {
      case F16 -> Precision.FP16;
      case BF16 -> Precision.BF16;
      case F64, F32, I64, I32, I16, I8, U8, BOOL -> Precision.FP32;
    };
  }

  /// The card with what is to be said of the cut, the licence, and how the model was trained.
  private Set<String> documents(String card, Path directory) throws IOException {
    Set<String> documents = new LinkedHashSet<>(List.of(CARD));
    Path before = source.path().resolve(CARD);
    String text = Files.isRegularFile(before) ? Files.readString(before) : "";
    String heading =
        text.isBlank()
            ? "# %s%n%n".formatted(source.description().name())
            : text.endsWith("\n") ? text + "\n" : text + "\n\n";
    Files.writeString(directory.resolve(CARD), heading + card);
    for (Path file : DurableFiles.entries(source.path())) {
      String name = file.getFileName().toString();
      if (PublishedFiles.isDocument(name) && !name.equals(CARD) && Files.isRegularFile(file)) {
        DurableFiles.copy(file, directory.resolve(name));
        documents.add(name);
      }
    }
    return documents;
  }

  /// Where the model that is cut comes from, for the manifest of what is left of it: of one that
  /// was cut before, the whole one.
  ///
  /// @param kept pieces that are left
  public Map<String, String> origin(int kept) {
    Map<String, String> origin = new LinkedHashMap<>();
    Map<String, String> before = description().origin().provenance();
    String pieces = String.format(Locale.ROOT, "%,d of %,d pieces", kept, cut.size());
    origin.put(Provenance.SOURCE, description().name());
    origin.put(Provenance.SOURCE_DIGEST, AdapterBase.digest(source.path()));
    origin.putAll(Provenance.of(source.path()).asSource());
    if (before.containsKey(Provenance.VOCABULARY)) {
      origin.putAll(before);
      pieces += ", which were " + before.get(Provenance.VOCABULARY);
    }
    origin.put(Provenance.VOCABULARY, pieces);
    return origin;
  }

  @Override
  public void close() {
    arena.close();
    source.close();
  }
}
