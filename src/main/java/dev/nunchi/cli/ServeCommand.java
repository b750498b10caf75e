package dev.nunchi.cli;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.infer.InferenceOptions.Device;
import dev.nunchi.serve.ModelName;
import dev.nunchi.serve.TlsFiles;
import io.quarkus.runtime.Quarkus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.eclipse.microprofile.config.ConfigProvider;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `nunchi serve`: hands its options to the server as settings and runs it until it is told to
/// stop.
@Command(
    name = "serve",
    header = "Serves models over gRPC and REST.",
    description = {
      "",
      "Opens the models, proves with each model's probe that it answers as it did in training, and"
          + " only then opens the port; one that does not is named in the log and left out. gRPC,"
          + " REST, health and metrics share it. SIGTERM lets the calls in flight end.",
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  nunchi serve",
      "      Serve the built-in models on port 8080.",
      "  nunchi serve --model my-model --model movies=models/nsmc-small --port 9000",
      "      Serve two models; requests that name none go to the first.",
      "",
      "  nunchi serve --base my-base --models adapters",
      "      Serve every LoRA adapter in a directory on one base, each with its own labels; copy"
          + " another",
      "      one there, or remove one, while it runs.",
      "",
      "  curl localhost:8080/v1/classify -H 'Content-Type: application/json' -d '{\"text\":"
          + " \"좋아요\"}'",
      "  grpcurl -plaintext -d '{\"text\": \"좋아요\"}' localhost:8080 \\",
      "      nunchi.sentiment.v1.SentimentService/Classify",
      "  curl localhost:8080/q/health/ready",
      "",
      "  nunchi serve --tokens tokens.txt --tls-cert server.pem --tls-key server.key",
      "      Serve with TLS, on port 8443, to callers that send 'Authorization: Bearer TOKEN'.",
      "",
      "What a request may ask for is bounded by NUNCHI_LIMITS_MAX_TEXT_BYTES (8192),"
          + " NUNCHI_LIMITS_MAX_BATCH_SIZE (64) and NUNCHI_LIMITS_MAX_STREAM_ITEMS (256, unanswered"
          + " ones of one stream); NUNCHI_QUEUE_SIZE (2048) texts may wait. 'GetModel'"
          + " and /v1/models tell callers. What is over a limit is refused at once with a reason.",
      "",
      "Who may hold what: NUNCHI_LIMITS_MAX_CONNECTIONS (2048) and"
          + " NUNCHI_LIMITS_MAX_CONNECTIONS_PER_ADDRESS (1024; 0 behind a proxy of one address),"
          + " NUNCHI_LIMITS_HEADER_TIMEOUT (20S), NUNCHI_LIMITS_BODY_TIMEOUT (60S),"
          + " NUNCHI_LIMITS_MAX_STREAMS (256), NUNCHI_LIMITS_MAX_STREAMS_PER_CALLER (128).",
      "",
      "Who may have how much: NUNCHI_LIMITS_TEXTS_PER_SECOND and NUNCHI_LIMITS_TEXTS_PER_DAY are"
          + " texts of one caller (0, no limit), NUNCHI_LIMITS_CALLERS_FILE names others for some"
          + " of them. NUNCHI_OIDC_ISSUER and NUNCHI_OIDC_AUDIENCE have tokens of an identity"
          + " provider taken, beside those of --tokens.",
      "",
      "Every setting is also an environment variable, such as QUARKUS_HTTP_PORT, NUNCHI_DEVICE or"
          + " NUNCHI_LIMITS_MAX_TEXT_BYTES.",
    })
final class ServeCommand implements Callable<Integer> {
  private static final int LAST_PORT = 65535;
  private static final int MOST_WARM_UP_SECONDS = 600;

  @Spec private CommandSpec spec;

  @Option(
      names = "--model",
      paramLabel = "[NAME=]DIR",
      description = {
        "A model directory, as 'nunchi export' writes it (or an exported model that 'nunchi models"
            + " --help' says how to name), and the name by which requests choose it"
            + " (default: the name in the model), such as 영화: "
            + ModelName.RULE
            + ". Give it again for further models; the first is the default model. Without it the"
            + " built-in models are served: nsmc-small, which is the default, movie3-small (three"
            + " classes) and nsmc-combined (more accurate on film reviews, slower);"
            + " models/nsmc-medium (between nsmc-small and nsmc-combined in both) and"
            + " models/movie3-combined (three classes, as slow) are served by name."
      })
  private List<String> models = new ArrayList<>();

  @Option(
      names = "--models",
      paramLabel = "DIR",
      description = {
        "A directory of models, each in a directory that has the model's name. What is added,"
            + " replaced or removed there while the server runs is served, served anew or served no"
            + " more, within seconds."
      })
  private @Nullable Path modelsDirectory;

  @Option(
      names = "--base",
      paramLabel = "DIR",
      description = {
        "A base as 'nunchi export --adapters separate' writes it, in memory once for all adapters"
            + " of it: LoRA adapter directories among the models. Give it again for further bases."
      })
  private List<Path> bases = new ArrayList<>();

  @Option(names = "--port", paramLabel = "PORT", description = "Where to listen (default: 8080).")
  private @Nullable Integer port;

  @Option(
      names = "--host",
      paramLabel = "ADDRESS",
      description = "The address to listen at (default: 0.0.0.0, all of them).")
  private @Nullable String host;

  @Option(
      names = "--health-port",
      paramLabel = "PORT",
      description = {
        "A further port for health and metrics alone, without TLS, for probes that have no client"
            + " certificate, such as 9000 (default: none; both are at the other port too)."
      })
  private @Nullable Integer healthPort;

  @Option(
      names = "--device",
      paramLabel = "auto|cpu|cuda",
      description = "What models run on (default: auto, a GPU where one can be used).")
  private @Nullable Device device;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description =
          "Texts that are run at a time, of all models (default: one for each core, and one on a"
              + " GPU).")
  private @Nullable Integer threads;

  @Option(
      names = "--warm-up",
      paramLabel = "SECONDS",
      description = {
        "How long the server calls itself before it takes calls (default: 0). Java compiles what is"
            + " called often while it runs: without it the first callers of a new server are"
            + " answered more slowly, and where they are too many most are refused for some 15"
            + " seconds. On two cores 20 spare them most of that, 40 all."
      })
  private @Nullable Integer warmUp;

  @Option(
      names = "--tokens",
      paramLabel = "FILE",
      description = {
        "Answer only calls that carry one of the tokens in this file, one on each line, of at least"
            + " 16 characters. Health needs none. The file is read again when it changes."
      })
  private @Nullable Path tokens;

  @Option(
      names = "--admin-tokens",
      paramLabel = "FILE",
      description = {
        "Let calls that carry one of the tokens in this file reload models: POST"
            + " /v1/models/NAME:reload. The file is as that of --tokens."
      })
  private @Nullable Path adminTokens;

  @Option(
      names = "--tls-cert",
      paramLabel = "FILE",
      description = {
        "Serve with TLS alone, with this certificate (PEM); the port is then 8443 unless --port"
            + " says another. Files that change are loaded without a restart."
      })
  private @Nullable Path certificate;

  @Option(
      names = "--tls-key",
      paramLabel = "FILE",
      description = "The certificate's private key (PEM, without a password).")
  private @Nullable Path key;

  @Option(
      names = "--tls-client-ca",
      paramLabel = "FILE",
      description = "Take only callers with a certificate that an authority in this file signed.")
  private @Nullable Path clientAuthority;

  @Option(
      names = "--access-log",
      paramLabel = "FILE",
      arity = "0..1",
      fallbackValue = "",
      description = {
        "Log a line of JSON for each call, without its text: to this file, or without FILE to"
            + " standard error."
      })
  private @Nullable String accessLog;

  @Option(
      names = "--playground",
      negatable = true,
      description = {
        "Whether there is a page at / to try the models in a browser (default: unless there are"
            + " --tokens or NUNCHI_OIDC_ISSUER). Its files need no token, its calls do."
      })
  private @Nullable Boolean playground;

  @Override
  public Integer call() {
    Map<String, String> settings = settings();
    tlsFiles().ifPresent(TlsFiles::check);
    checkTemporary(Path.of(System.getProperty("java.io.tmpdir")));
    settings.forEach(System::setProperty);
    AtomicInteger exitCode = new AtomicInteger();
    AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    // Returns when the server has stopped, or could not start.
    Quarkus.run(
        null,
        (code, thrown) -> {
          exitCode.set(code);
          failure.set(thrown);
        });
    Throwable thrown = failure.get();
    if (thrown != null) {
      throw reported(
          thrown,
          ConfigProvider.getConfig()
              .getOptionalValue("quarkus.http.host", String.class)
              .orElse("0.0.0.0"));
    }
    return exitCode.get();
  }

  /// Whether files can be made where temporary ones lie, of which the framework says nothing.
  ///
  /// @throws NunchiException `UNAVAILABLE`
  static void checkTemporary(Path folder) {
    try {
      Files.createDirectories(folder);
      Files.delete(Files.createTempFile(folder, "nunchi", null));
    } catch (IOException e) {
      throw new NunchiException(
          Reason.UNAVAILABLE,
          "The folder for temporary files, %s, cannot be written (%s); make it writable, or name"
                  .formatted(folder, e)
              + " another one with JAVA_TOOL_OPTIONS=-Djava.io.tmpdir=DIR",
          e);
    }
  }

  /// What kept the server from starting, in the user's words where they can mend it.
  ///
  /// @param host where it was to listen
  static RuntimeException reported(Throwable failure, String host) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof NunchiException refused) {
        return refused;
      }
      Optional<String> notListening = ListenFailure.sentence(cause, host);
      if (notListening.isPresent()) {
        return new NunchiException(Reason.UNAVAILABLE, notListening.get(), failure);
      }
    }
    return new IllegalStateException("The server could not start: " + failure, failure);
  }

  /// The options that were given, as the server's settings.
  Map<String, String> settings() {
    Map<String, String> settings = new HashMap<>();
    for (int i = 0; i < models.size(); i++) {
      String key = "nunchi.models[%d].".formatted(i);
      String model = models.get(i);
      int name = nameLength(model);
      if (name >= 0) {
        settings.put(key + "name", name(model.substring(0, name)));
      }
      String directory = model.substring(name + 1);
      // From a variable that was never set; the server would take an empty setting for none.
      require(
          !directory.isBlank(),
          "--model expected [NAME=]DIR but was '%s', which names no directory".formatted(model));
      settings.put(key + "directory", new ModelArgument(directory).directory(spec).toString());
    }
    if (modelsDirectory != null) {
      settings.put("nunchi.models-directory", modelsDirectory.toString());
    }
    for (int i = 0; i < bases.size(); i++) {
      settings.put("nunchi.bases[%d]".formatted(i), bases.get(i).toString());
    }
    if (port != null) {
      require(port >= 0 && port <= LAST_PORT, "--port is a number from 0 to 65535, not " + port);
      settings.put(
          certificate == null ? "quarkus.http.port" : "quarkus.http.ssl-port", port.toString());
    }
    if (healthPort != null) {
      require(
          healthPort >= 0 && healthPort <= LAST_PORT,
          "--health-port is a number from 0 to 65535, not " + healthPort);
      settings.put("nunchi.health-port", healthPort.toString());
    }
    if (tokens != null) {
      settings.put("nunchi.auth.tokens-file", tokens.toString());
    }
    if (adminTokens != null) {
      settings.put("nunchi.auth.admin-tokens-file", adminTokens.toString());
    }
    tlsFiles().ifPresent(files -> settings.putAll(tlsSettings(files)));
    if (accessLog != null) {
      settings.put("nunchi.access-log", "true");
      if (!accessLog.isEmpty()) {
        settings.putAll(fileOfAccessLog(accessLog));
      }
    }
    if (playground != null) {
      settings.put("nunchi.playground", playground.toString());
    }
    if (host != null) {
      require(!host.isBlank(), "--host is an address of this machine, such as 127.0.0.1");
      // As it stands in a URL.
      settings.put("quarkus.http.host", host.replaceFirst("^\\[(.*)]$", "$1"));
    }
    if (device != null) {
      settings.put("nunchi.device", device.name());
    }
    if (warmUp != null) {
      require(
          warmUp >= 0 && warmUp <= MOST_WARM_UP_SECONDS,
          "--warm-up is from 0 to %d seconds, not %d".formatted(MOST_WARM_UP_SECONDS, warmUp));
      settings.put("nunchi.warm-up", warmUp + "S");
    }
    if (threads != null) {
      require(threads >= 1, "--threads is at least 1, not " + threads);
      settings.put("nunchi.threads", threads.toString());
    }
    return settings;
  }

  /// How much of a value of `--model` is a name; -1 where it is a directory alone. A directory may
  /// have = in its name too.
  private int nameLength(String model) {
    int equals = model.indexOf('=');
    if (equals < 0 || model.substring(0, equals).matches(".*[/\\\\].*")) {
      return -1;
    }
    Path directory = Path.of(model.substring(equals + 1));
    return Files.isDirectory(Path.of(model)) && !Files.isDirectory(directory) ? -1 : equals;
  }

  private String name(String name) {
    try {
      return ModelName.of(name);
    } catch (NunchiException e) {
      throw new ParameterException(spec.commandLine(), "--model: " + e.getMessage(), e);
    }
  }

  private Optional<TlsFiles> tlsFiles() {
    require(
        (certificate == null) == (key == null),
        "--tls-cert and --tls-key need each other: a certificate and its key");
    require(
        clientAuthority == null || certificate != null,
        "--tls-client-ca needs --tls-cert and --tls-key");
    if (certificate == null || key == null) {
      return Optional.empty();
    }
    return Optional.of(
        new TlsFiles(
            certificate, key, clientAuthority == null ? List.of() : List.of(clientAuthority)));
  }

  private static Map<String, String> tlsSettings(TlsFiles files) {
    Map<String, String> settings = new HashMap<>();
    settings.put("quarkus.tls.key-store.pem.0.cert", files.certificate().toString());
    settings.put("quarkus.tls.key-store.pem.0.key", files.key().toString());
    for (int i = 0; i < files.clientAuthorities().size(); i++) {
      settings.put(
          "quarkus.tls.trust-store.pem.certs[%d]".formatted(i),
          files.clientAuthorities().get(i).toString());
    }
    settings.put("quarkus.http.insecure-requests", "disabled");
    return settings;
  }

  private static Map<String, String> fileOfAccessLog(String path) {
    String handler = "quarkus.log.handler.file.\"access-file\".";
    return Map.of(
        handler + "enabled",
        "true",
        handler + "path",
        path,
        handler + "format",
        "%s%n",
        "quarkus.log.category.\"dev.nunchi.access\".handlers",
        "access-file");
  }

  private void require(boolean condition, String otherwise) {
    if (!condition) {
      throw new ParameterException(spec.commandLine(), otherwise);
    }
  }
}
