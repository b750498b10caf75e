package dev.nunchi.serve;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.infer.InferenceOptions.Device;
import io.smallrye.config.EnvConfigSource;
import io.smallrye.config.SmallRyeConfig;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Pattern;
import org.eclipse.microprofile.config.spi.ConfigSource;

/// The settings of the server: `nunchi.*` in system properties, `NUNCHI_*` in the environment.
///
/// | setting | default | meaning |
/// | --- | --- | --- |
/// | `nunchi.models[0].directory` … | none | model directories, the default model first |
/// | `nunchi.models[0].name` … | the manifest's | names by which requests choose them |
/// | `nunchi.models-directory` | none | a directory of models that come and go |
/// | `nunchi.bases[0]` … | none | exported bases, which adapters among the models run on |
/// | `nunchi.private-copy` | `true` | whether models answer from copies of their weights, so that writing into a served directory changes nothing |
/// | `nunchi.home` | the working directory | the installation, which holds the built-in model |
/// | `nunchi.device` | `auto` | `auto`, `cpu` or `cuda` |
/// | `nunchi.threads` | one for each core, and one on a GPU | texts that are run at a time, of all models |
/// | `nunchi.lone-text-threads` | `nunchi.threads` | on the CPU, threads that share the work of a transformer's text while there is no other; 1 saves the memory of a second session |
/// | `nunchi.queue-size` | 2048 | most texts that wait to be run, of all models |
/// | `nunchi.limits.max-text-bytes` | 8192 | longest text, and longest context, in UTF-8 |
/// | `nunchi.limits.max-batch-size` | 64 | most requests in one batch |
/// | `nunchi.limits.max-stream-items` | 256 | most unanswered items of one stream |
/// | `nunchi.limits.max-streams` | 256 | most open streams, of all callers |
/// | `nunchi.limits.max-message-bytes` | 4194304 | largest gRPC message, and largest body in REST |
/// | `nunchi.limits.max-streams-per-connection` | 128 | most open streams of one connection |
/// | `nunchi.limits.max-streams-per-caller` | 128 | most open streams of one token, or of one address where there are none |
/// | `nunchi.limits.stream-idle-timeout` | `5M` | how long a stream may send nothing |
/// | `nunchi.limits.max-connections` | 2048 | most open connections |
/// | `nunchi.limits.max-connections-per-address` | 1024 | most of one address |
/// | `nunchi.limits.header-timeout` | `20S` | how long a header may take, and a connection's first request |
/// | `nunchi.limits.body-timeout` | `60S` | how long a request may take to come whole |
/// | `nunchi.limits.write-timeout` | `30S` | how long a caller may read nothing of an answer that waits for him |
/// | `nunchi.limits.texts-per-second` | 0, no limit | most texts of one caller a second |
/// | `nunchi.limits.burst` | a second's, and at least the largest batch | most of them at once after a silence |
/// | `nunchi.limits.texts-per-day` | 0, no limit | most texts of one caller from midnight to midnight, UTC |
/// | `nunchi.limits.callers-file` | none | file of other limits for those whom it names |
/// | `nunchi.limits.max-counted-callers` | 100000 | callers who have a count of their own |
/// | `nunchi.health-port` | none | a further port for health and metrics alone, without TLS |
/// | `nunchi.rest-timeout` | `60S` | how long a call of REST waits that does not say |
/// | `nunchi.shutdown-delay` | `0S` | how long calls are taken after SIGTERM, for who has to notice |
/// | `nunchi.idle-memory-after` | `15S` | how long the server has to have little to do before it gives back the memory that a peak has left; never where 0 |
/// | `nunchi.warm-up` | `0S` | how long the server calls itself before it is ready, so that its first callers find compiled code |
/// | `nunchi.connection-age` | `0S` | age at which a connection is to be opened anew, give or take a tenth; none where 0 |
/// | `nunchi.auth.tokens-file` | none | file of the tokens of which a call carries one |
/// | `nunchi.auth.admin-tokens-file` | none | file of the tokens that may reload models |
/// | `nunchi.auth.open-metrics` | `false` | whether `/q/metrics` needs no token |
/// | `nunchi.oidc.issuer` | none | an identity provider whose tokens are taken |
/// | `nunchi.oidc.audience` | none | the server's name in those tokens; needed with the issuer |
/// | `nunchi.oidc.jwks-url` | as the issuer says | where its keys are |
/// | `nunchi.oidc.ca-file` | Java's own | authorities of its certificate |
/// | `nunchi.oidc.admin-role` | none | scope or role of who may reload models |
/// | `nunchi.oidc.keys-period` | `5M` | how often its keys are fetched |
/// | `nunchi.access-log` | `false` | whether a line is logged for each call |
/// | `nunchi.playground` | whether there are no tokens | whether there is a page at `/` to try the models |
/// | `nunchi.reload-period` | `5S` | how often models, tokens and certificates are looked at for changes |
///
/// Not a mapping of Quarkus: its build would load that class, in whatever Java runs Maven.
record ServeConfig(
    List<Source> models,
    Optional<Path> modelsDirectory,
    List<Path> bases,
    boolean privateCopy,
    Optional<String> home,
    Device device,
    OptionalInt threads,
    OptionalInt loneTextThreads,
    int queueSize,
    int maxTextBytes,
    int maxBatchSize,
    int maxStreamItems,
    int maxMessageBytes,
    StreamLimits streams,
    ConnectionLimits connections,
    Allowances.Settings callers,
    OptionalInt healthPort,
    Duration restTimeout,
    Duration shutdownDelay,
    Duration warmUp,
    Duration connectionAge,
    Duration idleMemoryAfter,
    Optional<Path> tokensFile,
    Optional<Path> adminTokensFile,
    boolean openMetrics,
    Optional<OidcSettings> oidc,
    boolean accessLog,
    boolean playground,
    Duration reloadPeriod) {
  private static final Pattern KNOWN =
      Pattern.compile(
          "nunchi\\.(models\\[[0-9]+]\\.(name|directory)|models-directory|bases\\[[0-9]+]|private-copy|home|device|(lone-text-)?threads|queue-size"
              + "|auth\\.(tokens-file|admin-tokens-file|open-metrics)|oidc\\.(issuer|audience|jwks-url|ca-file|admin-role|keys-period)|access-log|playground|reload-period|rest-timeout|shutdown-delay|warm-up|health-port|connection-age|idle-memory-after"
              + "|limits\\.(texts-per-(second|day)|burst|callers-file|max-counted-callers)"
              + "|limits\\.(stream-idle|header|body|write)-timeout"
              + "|limits\\.max-(text-bytes|batch-size|stream-items|message-bytes"
              + "|streams(-per-(connection|caller))?|connections(-per-address)?))");

  /// Where a model is.
  ///
  /// @param name the name by which requests choose it; its manifest's where empty
  record Source(Optional<String> name, String directory) {}

  /// The settings as they stand.
  ///
  /// @throws NunchiException `INVALID_ARGUMENT` for a value that is not allowed, or a name that is
  ///   no setting
  static ServeConfig from(SmallRyeConfig config) {
    for (ConfigSource source : config.getConfigSources()) {
      // The environment holds settings of the launcher too, and spells names in more than one way.
      if (!(source instanceof EnvConfigSource)) {
        requireKnown(source.getPropertyNames());
      }
    }
    Optional<Path> tokensFile =
        config.getOptionalValue("nunchi.auth.tokens-file", String.class).map(Path::of);
    Optional<OidcSettings> oidc = oidc(config);
    return new ServeConfig(
        sources(config),
        config.getOptionalValue("nunchi.models-directory", String.class).map(Path::of),
        bases(config),
        isOn(config, "nunchi.private-copy", true),
        config.getOptionalValue("nunchi.home", String.class),
        device(config),
        threads(config, "nunchi.threads"),
        threads(config, "nunchi.lone-text-threads"),
        positive(config, "nunchi.queue-size", 2048),
        positive(config, "nunchi.limits.max-text-bytes", 8192),
        positive(config, "nunchi.limits.max-batch-size", 64),
        positive(config, "nunchi.limits.max-stream-items", 256),
        maxMessageBytes(config),
        streams(config),
        connections(config),
        callers(config),
        healthPort(config),
        duration(config, "nunchi.rest-timeout", "60S", false),
        duration(config, "nunchi.shutdown-delay", "0S", true),
        duration(config, "nunchi.warm-up", "0S", true),
        duration(config, "nunchi.connection-age", "0S", true),
        duration(config, "nunchi.idle-memory-after", "15S", true),
        tokensFile,
        config.getOptionalValue("nunchi.auth.admin-tokens-file", String.class).map(Path::of),
        isOn(config, "nunchi.auth.open-metrics", false),
        oidc,
        isOn(config, "nunchi.access-log", false),
        isOn(config, "nunchi.playground", tokensFile.isEmpty() && oidc.isEmpty()),
        duration(config, "nunchi.reload-period", "5S", false));
  }

  Limits limits() {
    return new Limits(
        maxTextBytes, maxBatchSize, maxMessageBytes, maxStreamItems, streams.most(), queueSize);
  }

  private static Optional<OidcSettings> oidc(SmallRyeConfig config) {
    String prefix = "nunchi.oidc.";
    Optional<URI> issuer = url(config, prefix + "issuer");
    if (issuer.isEmpty()) {
      for (String key : List.of("audience", "jwks-url", "ca-file", "admin-role", "keys-period")) {
        if (config.getOptionalValue(prefix + key, String.class).isPresent()) {
          throw invalid(prefix + key, "needs nunchi.oidc.issuer");
        }
      }
      return Optional.empty();
    }
    if (issuer.get().getRawQuery() != null || issuer.get().getRawFragment() != null) {
      throw invalid(prefix + "issuer", "has neither ? nor #");
    }
    return Optional.of(
        new OidcSettings(
            issuer.get(),
            config
                .getOptionalValue(prefix + "audience", String.class)
                .orElseThrow(() ->
                    invalid(
                        prefix + "audience",
                        "is missing; it is the name in the claim aud of tokens for this server")),
            url(config, prefix + "jwks-url"),
            config.getOptionalValue(prefix + "ca-file", String.class).map(Path::of),
            config.getOptionalValue(prefix + "admin-role", String.class),
            duration(config, prefix + "keys-period", "5M", false)));
  }

  private static Optional<URI> url(SmallRyeConfig config, String key) {
    return config
        .getOptionalValue(key, String.class)
        .map(value -> {
          try {
            URI url = new URI(value);
            if (OidcSettings.isSafe(url)) {
              return url;
            }
          } catch (URISyntaxException e) {
            // Told below.
          }
          throw invalid(
              key,
              "is a URL with https, or with http of this machine (localhost, 127.0.0.1, [::1]), as"
                  + " whoever answers there decides who may call; not "
                  + value);
        });
  }

  private static StreamLimits streams(SmallRyeConfig config) {
    return new StreamLimits(
        positive(config, "nunchi.limits.max-streams", 256),
        atLeast(0, config, "nunchi.limits.max-streams-per-connection", 128),
        atLeast(0, config, "nunchi.limits.max-streams-per-caller", 128),
        duration(config, "nunchi.limits.stream-idle-timeout", "5M", true));
  }

  private static ConnectionLimits connections(SmallRyeConfig config) {
    return new ConnectionLimits(
        atLeast(0, config, "nunchi.limits.max-connections", 2048),
        atLeast(0, config, "nunchi.limits.max-connections-per-address", 1024),
        duration(config, "nunchi.limits.header-timeout", "20S", true),
        duration(config, "nunchi.limits.body-timeout", "60S", true),
        duration(config, "nunchi.limits.write-timeout", "30S", true));
  }

  private static Allowances.Settings callers(SmallRyeConfig config) {
    TextLimit.Given all = TextLimit.Given.NOTHING;
    for (String key : List.of(TextLimit.RATE, TextLimit.BURST, TextLimit.QUOTA)) {
      String name = "nunchi.limits." + key;
      Optional<String> value = config.getOptionalValue(name, String.class);
      if (value.isPresent()) {
        try {
          all = all.with(key, value.get());
        } catch (IllegalArgumentException e) {
          throw invalid(name, String.valueOf(e.getMessage()));
        }
      }
    }
    Optional<Path> file =
        config.getOptionalValue("nunchi.limits.callers-file", String.class).map(Path::of);
    if (file.isEmpty() && all.burst().isPresent() && all.milliTextsPerSecond().orElse(0) == 0) {
      throw invalid("nunchi.limits.burst", "needs nunchi.limits.texts-per-second");
    }
    return new Allowances.Settings(
        all, file, positive(config, "nunchi.limits.max-counted-callers", 100_000));
  }

  private static OptionalInt healthPort(SmallRyeConfig config) {
    String name = "nunchi.health-port";
    if (config.getOptionalValue(name, String.class).isEmpty()) {
      return OptionalInt.empty();
    }
    int port = atLeast(0, config, name, 0);
    if (port > 65535) {
      throw invalid(name, "is a number from 0 to 65535, not " + port);
    }
    return OptionalInt.of(port);
  }

  /// At most what gRPC's own limit lets through, which refuses without a reason.
  private static int maxMessageBytes(SmallRyeConfig config) {
    int bytes = positive(config, "nunchi.limits.max-message-bytes", 4 << 20);
    int read = positive(config, "quarkus.grpc.server.max-inbound-message-size", 8 << 20);
    if (bytes > read) {
      throw invalid(
          "nunchi.limits.max-message-bytes",
          "is %d, but no more than quarkus.grpc.server.max-inbound-message-size, %d, are read"
              .formatted(bytes, read));
    }
    return bytes;
  }

  private static void requireKnown(Set<String> names) {
    for (String name : names) {
      if (name.startsWith("nunchi.") && !KNOWN.matcher(name).matches()) {
        throw invalid(name, "is no setting of the server");
      }
    }
  }

  private static List<Source> sources(SmallRyeConfig config) {
    List<Source> sources = new ArrayList<>();
    // Asked for one after the other: names in the environment can be looked up, but not listed.
    while (true) {
      String key = "nunchi.models[%d]".formatted(sources.size());
      Optional<String> name = config.getOptionalValue(key + ".name", String.class);
      Optional<String> directory = config.getOptionalValue(key + ".directory", String.class);
      if (name.isEmpty() && directory.isEmpty()) {
        return sources;
      }
      sources.add(
          new Source(
              name.map(given -> named(key + ".name", given)),
              directory.orElseThrow(() -> invalid(key + ".directory", "is missing"))));
    }
  }

  private static List<Path> bases(SmallRyeConfig config) {
    List<Path> bases = new ArrayList<>();
    while (true) {
      Optional<String> base =
          config.getOptionalValue("nunchi.bases[%d]".formatted(bases.size()), String.class);
      if (base.isEmpty()) {
        return bases;
      }
      bases.add(Path.of(base.get()));
    }
  }

  private static String named(String key, String name) {
    try {
      return ModelName.of(name);
    } catch (NunchiException e) {
      throw invalid(key, "is not usable: " + e.getMessage());
    }
  }

  private static Device device(SmallRyeConfig config) {
    try {
      return config.getOptionalValue("nunchi.device", Device.class).orElse(Device.AUTO);
    } catch (IllegalArgumentException e) {
      throw invalid("nunchi.device", "is auto, cpu or cuda");
    }
  }

  private static OptionalInt threads(SmallRyeConfig config, String key) {
    int threads = positive(config, key, Integer.MAX_VALUE);
    return threads == Integer.MAX_VALUE ? OptionalInt.empty() : OptionalInt.of(threads);
  }

  private static boolean isOn(SmallRyeConfig config, String key, boolean otherwise) {
    String value = config.getOptionalValue(key, String.class).orElse(Boolean.toString(otherwise));
    return switch (value.toLowerCase(Locale.ROOT)) {
      case "true" -> true;
      case "false" -> false;
      default -> throw invalid(key, "is true or false");
    };
  }

  private static Duration duration(
      SmallRyeConfig config, String key, String otherwise, boolean none) {
    String value = config.getOptionalValue(key, String.class).orElse(otherwise);
    try {
      Duration period = Duration.parse("PT" + value);
      if (period.isPositive() || (none && period.isZero())) {
        return period;
      }
    } catch (DateTimeParseException e) {
      // Told below.
    }
    throw invalid(
        key,
        none ? "is a time such as 5S or 1M" : "is a time such as 5S or 1M, and more than none");
  }

  private static int positive(SmallRyeConfig config, String key, int otherwise) {
    return atLeast(1, config, key, otherwise);
  }

  private static int atLeast(int least, SmallRyeConfig config, String key, int otherwise) {
    int value;
    try {
      value = config.getOptionalValue(key, Integer.class).orElse(otherwise);
    } catch (IllegalArgumentException | NoSuchElementException e) {
      throw invalid(key, "is a whole number");
    }
    if (value < least) {
      throw invalid(key, "is at least %d, not %d".formatted(least, value));
    }
    return value;
  }

  private static NunchiException invalid(String key, String message) {
    return new NunchiException(Reason.INVALID_ARGUMENT, key + " " + message);
  }
}
