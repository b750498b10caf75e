import com.sun.management.OperatingSystemMXBean;
import dev.nunchi.Label;
import dev.nunchi.LabelSet;
import dev.nunchi.ProblemType;
import dev.nunchi.ResidentMemory;
import dev.nunchi.data.ExampleReader;
import dev.nunchi.data.ReadingNotes;
import dev.nunchi.export.BaseExporter;
import dev.nunchi.export.ExportOptions;
import dev.nunchi.export.OnnxExporter;
import dev.nunchi.infer.Classifier;
import dev.nunchi.infer.Deadline;
import dev.nunchi.infer.InferenceOptions;
import dev.nunchi.infer.LoadOptions;
import dev.nunchi.infer.LoadedModel;
import dev.nunchi.infer.ModelLoader;
import dev.nunchi.infer.Prediction;
import dev.nunchi.infer.SharedBase;
import dev.nunchi.infer.Workers;
import dev.nunchi.model.AdapterBase;
import dev.nunchi.model.BaseModels;
import dev.nunchi.model.CheckpointContents;
import dev.nunchi.model.CheckpointDirectory;
import dev.nunchi.model.Manifest;
import dev.nunchi.model.OutputDirectory;
import dev.nunchi.model.Precision;
import dev.nunchi.model.Probe;
import dev.nunchi.nn.ElementType;
import dev.nunchi.nn.LittleEndian;
import dev.nunchi.nn.Lora;
import dev.nunchi.nn.Modules;
import dev.nunchi.nn.Network;
import dev.nunchi.nn.Parameter;
import dev.nunchi.nn.Weight;
import dev.nunchi.text.Encoding;
import dev.nunchi.text.Normalization;
import dev.nunchi.text.Normalizer;
import dev.nunchi.text.PaddedBatch;
import dev.nunchi.text.TextEncoder;
import dev.nunchi.text.Truncation;
import dev.nunchi.torch.TorchNetwork;
import dev.nunchi.torch.TorchRuntime;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// Many adapters on one base beside as many merged models: answers, memory, and texts a second of
/// mixed requests beside those of one merged model. What [#main] is to do is its first argument.
final class Adapters {
  private static final int LENGTH = 128;
  private static final int IN_FLIGHT = 64;
  private static final int ROUNDS = 5;
  private static final OperatingSystemMXBean PROCESS =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  /// Texts that every adapter answers.
  private static final int COMPARED = 20;

  /// Of them, one after the other, with two to five labels.
  private static final int[] RANKS = {8, 4, 16, 8};

  private Adapters() {}

  public static void main(String[] args) throws Exception {
    Path work = Path.of(args[1]);
    switch (args[0]) {
      case "write" -> write(work, Path.of(args[2]), Integer.parseInt(args[3]), args[4]);
      case "compare" -> compare(work, texts(args[2], COMPARED), Integer.parseInt(args[3]));
      case "memory" -> memory(work, args[2], texts(args[3], COMPARED), Integer.parseInt(args[4]));
      case "speed" ->
          speed(work, texts(args[2], Integer.parseInt(args[4])), Integer.parseInt(args[3]));
      default -> throw new IllegalArgumentException(args[0]);
    }
  }

  /// Writes adapters of random numbers, and exports the base of the first.
  private static void write(Path work, Path base, int count, String targets) {
    AdapterBase known = AdapterBase.of(base);
    for (int i = 0; i < count; i++) {
      LabelSet labels =
          new LabelSet(
              IntStream.range(0, 2 + i % 4).mapToObj(label -> Label.of("label-" + label)).toList());
      try (CheckpointDirectory checkpoint =
              CheckpointDirectory.open(
                  base,
                  labels,
                  CheckpointDirectory.Order.AS_WANTED,
                  ProblemType.SINGLE_LABEL_CLASSIFICATION);
          Arena arena = Arena.ofConfined()) {
        Lora lora = lora(RANKS[i % RANKS.length], targets).saving(fresh(checkpoint));
        new CheckpointContents(
                checkpoint.config(),
                labels,
                ProblemType.SINGLE_LABEL_CLASSIFICATION,
                trained(checkpoint.network().adapted(lora), new Random(i), arena),
                checkpoint.tokenizerDirectory(),
                Manifest.of(
                        "adapter-" + i,
                        labels,
                        ProblemType.SINGLE_LABEL_CLASSIFICATION,
                        Normalization.STANDARD,
                        LENGTH)
                    .withOrigin(new Manifest.Origin(Map.of(), known.provenance(), List.of())),
                Map.of(),
                new CheckpointContents.Adapter(lora, known),
                null)
            .write(adapter(work, i));
      }
    }
    Probe probe = probe(adapter(work, 0));
    try (CheckpointDirectory adapter =
        CheckpointDirectory.openApart(adapter(work, 0), BaseModels.NONE)) {
      BaseExporter.export(
          adapter, probe, work.resolve("base"), Precision.FP32, OutputDirectory.Existing.KEEP);
    }
    merge(work, 0, "merged-0");
  }

  /// Modules that the base lacks beside a head, such as a pooler: an adapter has them in full.
  private static List<String> fresh(CheckpointDirectory checkpoint) {
    return checkpoint.missing().stream()
        .map(parameter -> parameter.name().substring(0, parameter.name().lastIndexOf('.')))
        .filter(
            module -> Lora.HEADS.stream().noneMatch(head -> (module + ".").startsWith(head + ".")))
        .distinct()
        .toList();
  }

  private static Lora lora(int rank, String targets) {
    return new Lora(
        rank,
        2 * rank,
        0,
        switch (targets) {
          case "usual" -> Optional.empty();
          case "all-linear" -> Optional.of(new Modules.All());
          default -> Optional.of(new Modules.Named(List.of(targets.split(","))));
        },
        Modules.NONE,
        new LinkedHashMap<>(),
        new LinkedHashMap<>(),
        false,
        false,
        List.of());
  }

  private static Map<String, Weight> trained(Network network, Random random, Arena arena) {
    Map<String, Weight> weights = new LinkedHashMap<>();
    for (Parameter parameter : network.parameters()) {
      if (network.trains(parameter)) {
        MemorySegment data = arena.allocate(parameter.size() * Float.BYTES, 64);
        for (long i = 0; i < parameter.size(); i++) {
          data.set(LittleEndian.FLOAT, i * Float.BYTES, (float) (0.05 * random.nextGaussian()));
        }
        weights.put(parameter.name(), new Weight(ElementType.F32, parameter.shape(), data));
      }
    }
    return weights;
  }

  private static Probe probe(Path adapter) {
    TorchRuntime.load(2);
    try (CheckpointDirectory merged = CheckpointDirectory.open(adapter);
        TorchNetwork network = new TorchNetwork(merged.network(), merged.weights());
        TextEncoder encoder =
            TextEncoder.open(adapter, Normalizer.of(Normalization.STANDARD), LENGTH)) {
      return new Probe(
          Stream.of("정말 재미있어요", "별로")
              .map(text -> {
                Encoding encoding = encoder.encode(text, Truncation.KEEP_HEAD);
                float[] logits = network.logits(PaddedBatch.of(List.of(encoding), 0))[0];
                return new Probe.Case(
                    text, Arrays.stream(encoding.inputIds()).boxed().toList(), floats(logits));
              })
              .toList());
    }
  }

  private static List<Float> floats(float[] numbers) {
    List<Float> list = new ArrayList<>();
    for (float number : numbers) {
      list.add(number);
    }
    return list;
  }

  private static Path adapter(Path work, int i) {
    return work.resolve("adapters").resolve("adapter-" + i);
  }

  private static Path merge(Path work, int i, String name) {
    Path output = work.resolve(name);
    Probe probe = probe(adapter(work, i));
    try (CheckpointDirectory adapter = CheckpointDirectory.open(adapter(work, i))) {
      new OnnxExporter().export(adapter, probe, output, ExportOptions.FP32.replacing());
    }
    return output;
  }

  /// Every adapter's logits, mixed and in the server's batches, beside those of the merged model,
  /// each made at the place of the last.
  private static void compare(Path work, List<String> texts, int count) throws Exception {
    double greatest = 0;
    int other = 0;
    int differing = 0;
    try (Served served = Served.open(work, count)) {
      List<List<Prediction>> mixed = served.answers(texts);
      for (int i = 0; i < count; i++) {
        try (LoadedModel merged = ModelLoader.load(merge(work, i, "merged"), options())) {
          for (int t = 0; t < texts.size(); t++) {
            Prediction expected = one(merged.classifier(), texts.get(t));
            Prediction came = mixed.get(i).get(t);
            Prediction alone = one(served.models().get(i).classifier(), texts.get(t));
            differing += came.logits().equals(alone.logits()) ? 0 : 1;
            other += came.best().equals(expected.best()) ? 0 : 1;
            for (int label = 0; label < expected.logits().size(); label++) {
              greatest =
                  Math.max(
                      greatest, Math.abs(expected.logits().get(label) - came.logits().get(label)));
            }
          }
        }
      }
    }
    System.out.printf(
        Locale.ROOT,
        "%d adapters x %d texts, mixed: greatest difference of a logit from the merged model's"
            + " %.1e, other labels %d, other bits than alone %d%n",
        count,
        texts.size(),
        greatest,
        other,
        differing);
  }

  private static LoadOptions options() {
    return new LoadOptions(
        InferenceOptions.Device.CPU, new Workers(OptionalInt.empty(), 4096), OptionalInt.empty());
  }

  private static Prediction one(Classifier classifier, String text) {
    return classifier.classify(text, Truncation.KEEP_HEAD, Deadline.NONE).join();
  }

  /// Resident memory of this process with `what` loaded, after texts were answered.
  private static void memory(Path work, String what, List<String> texts, int count)
      throws Exception {
    try (Served served = what.equals("merged") ? Served.merged(work) : Served.open(work, count)) {
      served.answers(texts);
      System.gc();
      Thread.sleep(1000);
      System.out.printf(
          Locale.ROOT,
          "%s: %.0f MB resident%n",
          what.equals("merged") ? "one merged model" : "the base and %d adapters".formatted(count),
          ResidentMemory.ofThisProcess().bytes().orElse(0) / 1e6);
    }
  }

  /// Mixed requests and those of one merged model in turn.
  private static void speed(Path work, List<String> texts, int count) throws Exception {
    try (Served many = Served.open(work, count);
        Served one = Served.merged(work)) {
      for (int inFlight : new int[] {IN_FLIGHT, 1}) {
        List<Rates> rounds = new ArrayList<>();
        for (int round = -1; round < ROUNDS; round++) {
          Rates merged = one.rates(texts, inFlight);
          Rates mixed = many.rates(texts, inFlight);
          if (round >= 0) {
            rounds.add(mixed.over(merged));
          }
        }
        System.out.printf(
            Locale.ROOT,
            "%d adapters, requests mixed, %d in flight, against one merged model: texts a second"
                + " %s, texts a second of processor time %s%n",
            count,
            inFlight,
            medianAndRange(rounds.stream().mapToDouble(Rates::perSecond).sorted().toArray()),
            medianAndRange(
                rounds.stream().mapToDouble(Rates::perProcessorSecond).sorted().toArray()));
      }
    }
  }

  private static String medianAndRange(double[] sorted) {
    return String.format(
        Locale.ROOT,
        "%.2f (%.2f to %.2f)",
        sorted[sorted.length / 2],
        sorted[0],
        sorted[sorted.length - 1]);
  }

  private record Rates(double perSecond, double perProcessorSecond) {
    Rates over(Rates other) {
      return new Rates(perSecond / other.perSecond, perProcessorSecond / other.perProcessorSecond);
    }
  }

  /// Models that answer, and what they are on.
  private record Served(List<LoadedModel> models, Optional<SharedBase> base)
      implements AutoCloseable {
    static Served open(Path work, int count) {
      SharedBase base = SharedBase.open(work.resolve("base"), options());
      return new Served(
          IntStream.range(0, count).mapToObj(i -> base.load(adapter(work, i))).toList(),
          Optional.of(base));
    }

    static Served merged(Path work) {
      return new Served(
          List.of(ModelLoader.load(work.resolve("merged-0"), options())), Optional.empty());
    }

    /// Of every model all texts, the models mixed.
    List<List<Prediction>> answers(List<String> texts) throws Exception {
      Prediction[][] answers = new Prediction[models.size()][texts.size()];
      Semaphore places = new Semaphore(IN_FLIGHT);
      AtomicReference<Throwable> failure = new AtomicReference<>();
      for (int t = 0; t < texts.size(); t++) {
        for (int i = 0; i < models.size(); i++) {
          int model = i;
          int text = t;
          places.acquire();
          models
              .get(i)
              .classifier()
              .classify(texts.get(t), Truncation.KEEP_HEAD, Deadline.NONE)
              .whenComplete((answer, thrown) -> {
                answers[model][text] = answer;
                failure.compareAndSet(null, thrown);
                places.release();
              });
        }
      }
      places.acquire(IN_FLIGHT);
      if (failure.get() != null) {
        throw new IllegalStateException(failure.get());
      }
      return Arrays.stream(answers).map(Arrays::asList).toList();
    }

    Rates rates(List<String> texts, int inFlight) throws Exception {
      Semaphore places = new Semaphore(inFlight);
      Random random = new Random(1);
      long start = System.nanoTime();
      long processor = PROCESS.getProcessCpuTime();
      for (String text : texts) {
        places.acquire();
        models
            .get(random.nextInt(models.size()))
            .classifier()
            .classify(text, Truncation.KEEP_HEAD, Deadline.NONE)
            .whenComplete((answer, thrown) -> places.release());
      }
      places.acquire(inFlight);
      return new Rates(
          texts.size() * 1e9 / (System.nanoTime() - start),
          texts.size() * 1e9 / (PROCESS.getProcessCpuTime() - processor));
    }

    @Override
    public void close() {
      models.forEach(LoadedModel::close);
      base.ifPresent(SharedBase::close);
    }
  }

  private static List<String> texts(String file, int count) {
    return new ExampleReader()
        .readTexts(Path.of(file), new ReadingNotes()).stream()
            .filter(text -> !text.isBlank())
            .limit(count)
            .toList();
  }
}
