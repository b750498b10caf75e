package dev.nunchi.infer;

import dev.nunchi.Label;
import dev.nunchi.LabelSet;
import dev.nunchi.ProblemType;
import dev.nunchi.export.BaseExporter;
import dev.nunchi.model.AdapterBase;
import dev.nunchi.model.BaseModels;
import dev.nunchi.model.CheckpointContents;
import dev.nunchi.model.CheckpointDirectory;
import dev.nunchi.model.Manifest;
import dev.nunchi.model.ManifestFile;
import dev.nunchi.model.OutputDirectory;
import dev.nunchi.model.Precision;
import dev.nunchi.model.Probe;
import dev.nunchi.nn.ElementType;
import dev.nunchi.nn.LittleEndian;
import dev.nunchi.nn.Lora;
import dev.nunchi.nn.Modules;
import dev.nunchi.nn.Network;
import dev.nunchi.nn.Parameter;
import dev.nunchi.nn.PlainOps;
import dev.nunchi.nn.TinyCheckpoint;
import dev.nunchi.nn.Weight;
import dev.nunchi.text.Encoding;
import dev.nunchi.text.Normalization;
import dev.nunchi.text.Normalizer;
import dev.nunchi.text.PaddedBatch;
import dev.nunchi.text.TextEncoder;
import dev.nunchi.text.Truncation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;

/// An adapter of the tests, of random numbers, as training writes it: with labels, a probe and the
/// digest of its base. Its numbers are the same in every run.
///
/// @param labels how many it has
/// @param modules that it adapts
/// @param saved modules beside its head that it holds in full
/// @param inNf4 whether its base is rounded to NF4
public record RandomAdapter(
    TinyCheckpoint base, int labels, int rank, Modules modules, List<String> saved, boolean inNf4) {
  /// Of tiny BERT's attention.
  public static RandomAdapter of(int labels, int rank, String... modules) {
    return new RandomAdapter(
        TinyCheckpoint.BERT, labels, rank, new Modules.Named(List.of(modules)), List.of(), false);
  }

  /// The same, which holds a further module in full.
  RandomAdapter saving(String module) {
    return new RandomAdapter(base, labels, rank, modules, List.of(module), inNf4);
  }

  /// The same on a base that is rounded to NF4.
  RandomAdapter onNf4() {
    return new RandomAdapter(base, labels, rank, modules, saved, true);
  }

  /// Writes its directory and returns it.
  public Path write(Path directory) {
    LabelSet names =
        new LabelSet(IntStream.range(0, labels).mapToObj(i -> Label.of("라벨" + i)).toList());
    Lora lora =
        new Lora(
            rank,
            3.0 * rank,
            0,
            Optional.of(modules),
            Modules.NONE,
            new LinkedHashMap<>(),
            new LinkedHashMap<>(),
            false,
            false,
            saved);
    AdapterBase known = AdapterBase.of(base.path()).inNf4(inNf4);
    try (CheckpointDirectory checkpoint =
            CheckpointDirectory.open(
                base.path(),
                names,
                CheckpointDirectory.Order.AS_WANTED,
                ProblemType.SINGLE_LABEL_CLASSIFICATION);
        Arena arena = Arena.ofConfined()) {
      new CheckpointContents(
              checkpoint.config(),
              names,
              ProblemType.SINGLE_LABEL_CLASSIFICATION,
              trained(checkpoint.network().adapted(lora), random(), arena),
              checkpoint.tokenizerDirectory(),
              Manifest.of(
                      "random",
                      names,
                      ProblemType.SINGLE_LABEL_CLASSIFICATION,
                      Normalization.STANDARD,
                      24)
                  .withTemperature(1 + labels)
                  .withOrigin(new Manifest.Origin(Map.of(), known.provenance(), List.of())),
              Map.of(),
              new CheckpointContents.Adapter(lora, known),
              null)
          .write(directory);
    }
    try {
      ManifestFile.write(
          directory,
          ManifestFile.read(directory).orElseThrow().withProbe(probe(directory, "정말 좋아요", "별로")));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return directory;
  }

  /// Not from the record's own hash, in which that of an enum's constant varies from run to run.
  private Random random() {
    return new Random(toString().hashCode());
  }

  private static Map<String, Weight> trained(Network network, Random random, Arena arena) {
    Map<String, Weight> weights = new LinkedHashMap<>();
    for (Parameter parameter : network.parameters()) {
      if (network.trains(parameter)) {
        MemorySegment data = arena.allocate(parameter.size() * Float.BYTES, 64);
        for (long i = 0; i < parameter.size(); i++) {
          data.set(LittleEndian.FLOAT, i * Float.BYTES, (float) (0.3 * random.nextGaussian()));
        }
        weights.put(parameter.name(), new Weight(ElementType.F32, parameter.shape(), data));
      }
    }
    return weights;
  }

  /// What adapter and base answer together, in double precision.
  public static Probe probe(Path directory, String... texts) {
    try (CheckpointDirectory merged = CheckpointDirectory.open(directory);
        TextEncoder encoder =
            TextEncoder.open(
                merged.tokenizerDirectory(),
                Normalizer.of(merged.description().text().normalization()),
                merged.description().text().maxLength())) {
      List<Probe.Case> cases = new ArrayList<>();
      for (String text : texts) {
        Encoding encoding = encoder.encode(text, Truncation.KEEP_HEAD);
        double[] logits =
            PlainOps.logits(
                merged.network(), merged.weights(), PaddedBatch.of(List.of(encoding), 0))[0];
        cases.add(
            new Probe.Case(
                text,
                Arrays.stream(encoding.inputIds()).boxed().toList(),
                Arrays.stream(logits).mapToObj(logit -> (float) logit).toList()));
      }
      return new Probe(cases);
    }
  }

  /// Exports the base of an adapter and returns its directory.
  public static Path exportBase(Path adapter, Path output, Precision precision) {
    try (CheckpointDirectory apart = CheckpointDirectory.openApart(adapter, BaseModels.NONE)) {
      BaseExporter.export(
          apart, probe(adapter, "정말 좋아요"), output, precision, OutputDirectory.Existing.KEEP);
    }
    return output;
  }
}
