package dev.nunchi.cli;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.bench.Address;
import dev.nunchi.bench.Arrivals;
import dev.nunchi.bench.BareRun;
import dev.nunchi.bench.Connections;
import dev.nunchi.bench.LoadResult;
import dev.nunchi.bench.LoadRun;
import dev.nunchi.bench.OwnServer;
import dev.nunchi.bench.Protocol;
import dev.nunchi.bench.ServerUse;
import dev.nunchi.bench.Target;
import dev.nunchi.bench.TrustedAuthorities;
import dev.nunchi.infer.BuiltInModel;
import dev.nunchi.infer.InferenceOptions;
import dev.nunchi.infer.InferenceOptions.Device;
import dev.nunchi.infer.OnnxModel;
import dev.nunchi.model.Manifest;
import dev.nunchi.model.ModelDirectory;
import dev.nunchi.model.Probe;
import dev.nunchi.text.Encoding;
import dev.nunchi.text.Normalizer;
import dev.nunchi.text.TextEncoder;
import dev.nunchi.text.Truncation;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `nunchi bench`: a server under load, and what its model does alone.
@Command(
    name = "bench",
    header = "Puts a server under load and measures it.",
    description = {
      "",
      "Starts a server of its own with a model, or calls one that runs elsewhere (--target), and"
          + " prints for each kind of call texts a second, latencies, refusals, and what the server"
          + " took: texts for each second of its processors, and its memory.",
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  nunchi bench --input comments.txt --protocol unary,batch,stream,rest",
      "      The built-in model with 64 callers, each of whom waits for its answer: every kind of"
          + " call.",
      "  nunchi bench --input comments.txt --rate 500 --deadline 200",
      "      500 calls a second at random moments, whoever has to wait; latency counts from the"
          + " moment at which a call was to begin, so a stall is charged with all who would have"
          + " come.",
      "  nunchi bench --input comments.txt --protocol unary,stream --together --fresh-connections",
      "      Every kind at once, on a connection of its own for each call and stream.",
      "  nunchi bench --model my-model --input comments.txt --bare",
      "      Besides, ONNX Runtime alone with the same texts: on one thread, alone and in batches,"
          + " and each text on all cores.",
      "",
      "The client shares this machine's processors with the server, so texts a second say less than"
          + " texts for a second of the server's processors.",
    })
final class BenchCommand implements Callable<Integer> {
  private static final List<Integer> BARE_BATCHES = List.of(1, 2, 4, 8, 16, 32, 64);

  @Spec private CommandSpec spec;

  @Option(
      names = "--model",
      paramLabel = "DIR|NAME",
      description =
          "A model directory, as 'nunchi export' writes it (default: the built-in model). With"
              + " --target the name of a model that is served there.")
  private @Nullable String model;

  @Option(
      names = "--target",
      paramLabel = "HOST:PORT",
      description =
          "A server that runs already (default: one is started for the time of the load).")
  private @Nullable String target;

  @Option(
      names = "--pid",
      paramLabel = "PID",
      description = "The process of --target on this machine, to measure what it takes.")
  private @Nullable Long pid;

  @Option(
      names = "--token-file",
      paramLabel = "FILE",
      description = "A file whose first line is the token that --target asks for.")
  private @Nullable Path tokenFile;

  @Option(
      names = "--input",
      paramLabel = "FILE|-",
      description =
          "Texts, taken in a circle, in any format of 'nunchi classify' (default: the few that"
              + " the model was proven on). Those that are too long are cut.")
  private @Nullable Path input;

  @Option(
      names = "--protocol",
      paramLabel = "KIND",
      split = ",",
      defaultValue = "unary",
      description = "unary, batch, stream or rest, or several with commas (default: unary).")
  private List<Protocol> protocols = new ArrayList<>();

  @Option(
      names = "--in-flight",
      paramLabel = "N",
      description =
          "Callers, each of whom waits for its answer before it calls again (default: 64).")
  private @Nullable Integer inFlight;

  @Option(
      names = "--rate",
      paramLabel = "CALLS",
      description = "Calls a second at random moments instead (open loop, Poisson arrivals).")
  private @Nullable Double rate;

  @Option(
      names = "--batch-size",
      paramLabel = "N",
      defaultValue = "64",
      description = "Texts in a call of batch (default: 64).")
  private int batchSize;

  @Option(
      names = "--stream-size",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "Texts after which a stream ends and another one begins (default: 0, as many as there"
              + " are).")
  private int streamSize;

  @Option(
      names = "--connections",
      paramLabel = "N",
      defaultValue = "1",
      description =
          "Connections of gRPC, taken in turn (default: 1); to each address, where HOST has"
              + " several.")
  private int connections;

  @Option(
      names = "--fresh-connections",
      description =
          "Each call, and each stream, opens a connection of its own; of streams there are"
              + " --connections at a time.")
  private boolean freshConnections;

  @Option(
      names = "--ca",
      paramLabel = "FILE",
      description =
          "Calls --target over TLS, and believes the authorities in this file (PEM) alone.")
  private @Nullable Path authorities;

  @Option(
      names = "--deadline",
      paramLabel = "MS",
      description = "Milliseconds after which a caller has gone (default: none).")
  private @Nullable Integer deadline;

  @Option(
      names = "--warm-up",
      paramLabel = "SECONDS",
      defaultValue = "10",
      description = "Load that is not measured, before (default: 10).")
  private double warmUp;

  @Option(
      names = "--duration",
      paramLabel = "SECONDS",
      defaultValue = "20",
      description = "Load that is measured, of each kind (default: 20).")
  private double duration;

  @Option(
      names = "--calls",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "Goes on beyond --duration until so many calls have ended; with --together of all kinds"
              + " (default: 0).")
  private long calls;

  @Option(
      names = "--together",
      description =
          "All kinds of --protocol at the same time, each with its callers (default: one after the"
              + " other). What the server took is not known of each then.")
  private boolean together;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description = "Of the random moments of --rate (default: 1).")
  private long seed;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Texts that the server of its own runs at a time (default: one for each core).")
  private @Nullable Integer threads;

  @Option(
      names = "--bare",
      description =
          "Then also the model without a server: on one thread, alone and in batches, and alone on"
              + " all cores (bare 1 xN).")
  private boolean bare;

  @Override
  public Integer call() throws IOException {
    check();
    @Nullable ModelDirectory directory = target == null ? directory() : null;
    List<String> texts = input == null ? provenOn(Objects.requireNonNull(directory)) : texts(input);
    PrintWriter out = spec.commandLine().getOut();
    out.println(LoadTable.HEADER);
    out.flush();
    if (directory == null) {
      load(target(Objects.requireNonNull(target)), texts, use(), out);
      return 0;
    }
    try (OwnServer server = OwnServer.start(serverArguments(directory))) {
      load(address("127.0.0.1", server.port(), ""), texts, server::use, out);
    }
    if (bare) {
      bare(directory, texts, out);
    }
    return 0;
  }

  private void check() {
    require(inFlight == null || rate == null, "--in-flight and --rate exclude each other");
    require(inFlight == null || inFlight >= 1, "--in-flight is at least 1, not " + inFlight);
    require(rate == null || (rate > 0 && rate <= 1e6), "--rate is over 0 and at most 1000000");
    require(batchSize >= 1, "--batch-size is at least 1, not " + batchSize);
    require(streamSize >= 0, "--stream-size is at least 0, not " + streamSize);
    require(calls >= 0, "--calls is at least 0, not " + calls);
    require(connections >= 1, "--connections is at least 1, not " + connections);
    require(deadline == null || deadline >= 1, "--deadline is at least 1, not " + deadline);
    require(warmUp >= 0 && warmUp <= 86_400, "--warm-up is from 0 to 86400 seconds");
    require(duration > 0 && duration <= 864_000, "--duration is over 0 and at most 864000 seconds");
    require(threads == null || threads >= 1, "--threads is at least 1, not " + threads);
    require(
        target != null || (pid == null && tokenFile == null && authorities == null),
        "--pid, --token-file and --ca are of a server that --target names");
    require(target == null || threads == null, "--threads is of the server that this starts");
    require(
        target == null || input != null,
        "Give texts with --input: what --target was proven on is not known here");
    require(target == null || !bare, "--bare is of a model on this machine, without --target");
  }

  private List<String> provenOn(ModelDirectory directory) {
    @Nullable Probe probe = directory.manifest().proof().probe();
    if (probe == null) {
      throw new ParameterException(
          spec.commandLine(), "The model has no texts of its own; give some with --input");
    }
    return probe.cases().stream().map(Probe.Case::text).toList();
  }

  private List<String> texts(Path file) {
    try (Stream<InputText> inputs = InputText.ofFile(file, null)) {
      List<String> texts =
          inputs
              .filter(InputText.Readable.class::isInstance)
              .map(text -> ((InputText.Readable) text).text())
              .filter(text -> !text.isBlank())
              .toList();
      require(!texts.isEmpty(), "%s has no text to classify".formatted(file));
      return texts;
    }
  }

  private ModelDirectory directory() {
    return ModelDirectory.open(
        model == null
            ? BuiltInModel.directory(Optional.ofNullable(System.getenv("NUNCHI_HOME")))
            : ModelArgument.of(model).directory(spec));
  }

  private List<String> serverArguments(ModelDirectory directory) {
    List<String> arguments = new ArrayList<>();
    if (model != null) {
      arguments.addAll(List.of("--model", directory.path().toString()));
    }
    if (threads != null) {
      arguments.addAll(List.of("--threads", threads.toString()));
    }
    return arguments;
  }

  /// What the server of `--target` takes.
  private Supplier<ServerUse> use() {
    if (pid == null) {
      return () -> ServerUse.UNKNOWN;
    }
    long process = pid;
    require(
        ProcessHandle.of(process).isPresent(),
        "--pid is a process of this machine, and there is no process " + process);
    return () -> ServerUse.of(process);
  }

  private Address target(String given) throws IOException {
    int colon = given.lastIndexOf(':');
    require(
        colon > 0 && given.substring(colon + 1).matches("\\d{1,5}"),
        "--target is HOST:PORT, such as 127.0.0.1:8080, not " + given);
    return address(
        given.substring(0, colon),
        Integer.parseInt(given.substring(colon + 1)),
        model == null ? "" : model);
  }

  private Address address(String host, int port, String name) throws IOException {
    Optional<String> token =
        tokenFile == null ? Optional.empty() : Files.readString(tokenFile).lines().findFirst();
    return new Address(
        host,
        port,
        new Connections(
            connections,
            freshConnections,
            Optional.ofNullable(authorities).map(TrustedAuthorities::read)),
        name,
        token.map(String::strip),
        Optional.ofNullable(deadline).map(Duration::ofMillis));
  }

  private void load(Address address, List<String> texts, Supplier<ServerUse> use, PrintWriter out) {
    Arrivals arrivals =
        rate == null
            ? new Arrivals.Closed(inFlight == null ? 64 : inFlight)
            : new Arrivals.Open(rate, seed);
    if (!together) {
      for (Protocol protocol : protocols) {
        Load load = load(protocol, address, texts, arrivals, new AtomicLong(), use);
        print(load, out);
        requireAnswers(load);
      }
      return;
    }
    AtomicLong ended = new AtomicLong();
    List<CompletableFuture<Load>> loads = new ArrayList<>();
    for (Protocol protocol : protocols) {
      loads.add(
          CompletableFuture.supplyAsync(
              () -> load(protocol, address, texts, arrivals, ended, () -> ServerUse.UNKNOWN),
              task -> Thread.ofPlatform().daemon().start(task)));
    }
    CompletableFuture.allOf(loads.toArray(CompletableFuture[]::new)).join();
    loads.forEach(load -> print(load.join(), out));
    loads.forEach(load -> requireAnswers(load.join()));
  }

  private record Load(Protocol protocol, int textsInCall, LoadResult result, long moved) {}

  private Load load(
      Protocol protocol,
      Address address,
      List<String> texts,
      Arrivals arrivals,
      AtomicLong ended,
      Supplier<ServerUse> use) {
    try (Target opened = protocol.open(address, texts, batchSize, streamSize)) {
      LoadResult result =
          new LoadRun(
                  opened,
                  arrivals,
                  seconds(warmUp),
                  seconds(duration),
                  ended::incrementAndGet,
                  () -> ended.get() >= calls,
                  use)
              .run();
      return new Load(protocol, opened.textsInCall(), result, opened.moved());
    }
  }

  private static void print(Load load, PrintWriter out) {
    LoadResult result = load.result();
    out.println(LoadTable.row(load.protocol(), load.textsInCall(), result));
    result
        .refused()
        .forEach((reason, count) ->
            out.printf(
                Locale.ROOT,
                "  %s: %d calls, 99 %% of the refusals within %.1f ms%n",
                reason,
                count,
                LoadResult.milliseconds(result.refusals(), 99)));
    if (load.moved() > 0) {
      out.printf(
          Locale.ROOT,
          "  %d streams were ended by a server that stops, and went on in another%n",
          load.moved());
    }
    out.flush();
  }

  private static void requireAnswers(Load load) {
    if (load.result().answered() == 0) {
      throw new NunchiException(
          Reason.UNAVAILABLE, "No call was answered: " + load.result().refused().keySet());
    }
  }

  private void bare(ModelDirectory directory, List<String> texts, PrintWriter out) {
    Manifest manifest = directory.manifest();
    List<Encoding> encodings;
    try (TextEncoder encoder =
        TextEncoder.open(
            directory.path(),
            Normalizer.of(manifest.text().normalization()),
            manifest.text().maxLength())) {
      encodings = encoder.encodeAll(texts, Truncation.KEEP_HEAD);
    }
    bare(
        directory,
        1,
        encodings,
        BARE_BATCHES.stream().filter(size -> size <= encodings.size()).toList(),
        out);
    int cores = Runtime.getRuntime().availableProcessors();
    if (cores > 1) {
      bare(directory, cores, encodings, List.of(1), out);
    }
  }

  private void bare(
      ModelDirectory directory,
      int cores,
      List<Encoding> encodings,
      List<Integer> sizes,
      PrintWriter out) {
    try (OnnxModel backend = OnnxModel.open(directory, new InferenceOptions(Device.CPU, cores))) {
      BareRun run =
          new BareRun(
              backend,
              directory.padTokenId(),
              encodings,
              seconds(warmUp / 4),
              seconds(duration / 4));
      for (int size : sizes) {
        out.println(LoadTable.row(cores, run.run(size)));
        out.flush();
      }
    }
  }

  private static Duration seconds(double seconds) {
    return Duration.ofNanos((long) (seconds * 1e9));
  }

  private void require(boolean condition, String otherwise) {
    if (!condition) {
      throw new ParameterException(spec.commandLine(), otherwise);
    }
  }
}
