package dev.nunchi.kubernetes;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// What manifests name of the server, and whether it has it: metrics by docs/metrics.md, settings
/// by `ServeConfig`, application.properties and docs/operations.md.
///
/// Tests of the running server hold it against these pages, and ask it for the paths:
/// `MetricsTest`, `ManifestsOfServerTest`.
public final class ServerNames {
  static final String HEALTH = "NUNCHI_HEALTH_PORT";
  static final int PORT = 8080;
  static final int TLS_PORT = 8443;
  static final String METRICS_PATH = "/q/metrics";
  public static final Duration REST_TIMEOUT = Duration.ofSeconds(60);

  private static final Pattern METRIC = Pattern.compile("\\b(nunchi_[a-z_]+)(\\{[^}]*\\})?");
  private static final Pattern TAG =
      Pattern.compile("(\\w+)\\s*(?:=~|!=|!~|=)\\s*\\\\?\"([^\"\\\\]*)");

  /// Of the JVM in our server, which the server is asked for.
  public static final Set<String> METRICS_OF_JVM =
      Set.of("jvm_memory_used_bytes", "process_cpu_usage", "process_start_time_seconds");

  /// Of other programs: Kubernetes, the JVM in ours, NVIDIA's exporter, Envoy.
  private static final Pattern OF_OTHERS =
      Pattern.compile("\\b((?:jvm|process|container|envoy|DCGM_FI)_\\w+)\\{");

  private static final Set<String> KNOWN_OF_OTHERS =
      Set.of(
          "container_cpu_usage_seconds_total",
          "container_memory_working_set_bytes",
          "envoy_http_downstream_rq_total",
          "DCGM_FI_DEV_GPU_UTIL",
          "DCGM_FI_DEV_FB_USED");

  /// Variables that are no settings of the server: the cache of models, and what arguments name.
  private static final Set<String> NO_SETTINGS =
      Set.of("XDG_CACHE_HOME", "MODEL", "RECIPE", "AT_LEAST", "TEST", "JOB");

  private static final Set<String> TARGET_TAGS =
      Set.of("namespace", "pod", "job", "le", "container", "area");

  private static final Set<String> PROPERTIES = properties();
  private static final Map<String, Set<String>> METRICS = documented();

  private ServerNames() {}

  static List<String> problems(List<Map<String, Object>> objects) {
    List<String> problems = new ArrayList<>();
    expressions(objects).forEach(expression -> checkMetrics(expression, problems));
    for (PodTemplate pod : PodTemplate.of(objects)) {
      for (Map<String, Object> container : pod.containers()) {
        PodTemplate.environment(container, objects).keySet().stream()
            .filter(name -> !NO_SETTINGS.contains(name) && !settings().contains(name))
            .forEach(name ->
                problems.add("%s sets %s, which is no setting".formatted(pod.name(), name)));
      }
    }
    for (Map<String, Object> object : objects) {
      if (object.get("kind").equals("PrometheusRule")) {
        checkAlerts(object, problems);
      }
      if (object.get("kind").equals("GRPCRoute")) {
        services(object)
            .filter(service ->
                !read(Path.of("proto/nunchi/sentiment/v1/sentiment.proto"))
                    .contains("service " + service.replaceFirst("nunchi.sentiment.v1.", "") + " {"))
            .forEach(service -> problems.add("there is no service " + service));
      }
    }
    return problems;
  }

  private static Stream<String> services(Map<String, Object> route) {
    return Yaml.maps(route, "spec", "rules").stream()
        .flatMap(rule -> Yaml.maps(rule, "matches").stream())
        .map(match -> Yaml.text(match, "method", "service"));
  }

  /// Paths that manifests have the server asked for, with the method.
  public static Set<String> paths() {
    Set<String> paths = new LinkedHashSet<>();
    Schemas schemas = Schemas.read();
    for (Path overlay : Sources.overlays()) {
      for (Map<String, Object> object : Kustomization.build(overlay, Sources.onDisk(), schemas)) {
        collectPaths(object, paths);
      }
    }
    return paths;
  }

  private static void collectPaths(Object value, Set<String> paths) {
    if (value instanceof Map<?, ?> map) {
      if (map.get("httpGet") instanceof Map<?, ?> call) {
        paths.add("GET " + call.get("path"));
      }
      if (map.get("path") instanceof Map<?, ?> path && map.get("method") instanceof String method) {
        paths.add(method + " " + path.get("value"));
      }
      if (map.get("path") instanceof String path && map.containsKey("scrapeTimeout")) {
        paths.add("GET " + path);
      }
      map.values().forEach(each -> collectPaths(each, paths));
    } else if (value instanceof List<?> list) {
      list.forEach(each -> collectPaths(each, paths));
    }
  }

  /// Command lines of all containers, of each once.
  public static Set<List<String>> commands() {
    Set<List<String>> commands = new LinkedHashSet<>();
    Schemas schemas = Schemas.read();
    for (Path overlay : Sources.overlays()) {
      List<Map<String, Object>> objects = Kustomization.build(overlay, Sources.onDisk(), schemas);
      for (PodTemplate pod : PodTemplate.of(objects)) {
        pod.containers().forEach(container -> commands.add(command(container, objects)));
      }
    }
    return commands;
  }

  /// With what variables stand for; the name of a job is made up.
  static List<String> command(Map<String, Object> container, List<Map<String, Object>> objects) {
    Map<String, String> environment = PodTemplate.environment(container, objects);
    environment.put("JOB", "job");
    return Yaml.texts(container, "args").stream()
        .map(argument ->
            Pattern.compile("\\$\\((\\w+)\\)")
                .matcher(argument)
                .replaceAll(found -> Matcher.quoteReplacement(environment.get(found.group(1)))))
        .toList();
  }

  /// The settings of the server that all overlays make, by the names of properties.
  public static Map<String, String> settingsOf(Path overlay) {
    List<Map<String, Object>> objects =
        Kustomization.build(overlay, Sources.onDisk(), Schemas.read());
    return PodTemplate.of(objects).stream()
        .filter(PodTemplate::isServer)
        .flatMap(pod -> pod.containers().stream())
        .flatMap(container -> PodTemplate.environment(container, objects).entrySet().stream())
        .filter(entry -> entry.getKey().startsWith("NUNCHI_"))
        .collect(
            Collectors.toMap(entry -> property(entry.getKey()), Map.Entry::getValue, (a, _) -> a));
  }

  public static List<Path> overlays() {
    return Sources.overlays();
  }

  private static String property(String variable) {
    return PROPERTIES.stream()
        .filter(name -> variable(name).equals(variable))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException(variable + " is no setting"));
  }

  private static Set<String> settings() {
    return PROPERTIES.stream().map(ServerNames::variable).collect(Collectors.toSet());
  }

  private static String variable(String property) {
    return property.replaceAll("[^A-Za-z0-9]", "_").toUpperCase(Locale.ROOT);
  }

  private static Set<String> properties() {
    Set<String> names = new TreeSet<>();
    for (String page :
        List.of(
            "src/main/java/dev/nunchi/serve/ServeConfig.java",
            "src/main/resources/application.properties",
            "docs/operations.md")) {
      Pattern.compile("(?m)(?:`|^)((?:nunchi|quarkus)\\.[a-z0-9.\\[\\]-]+[a-z0-9])")
          .matcher(read(Path.of(page)))
          .results()
          .forEach(name -> names.add(name.group(1)));
    }
    return names;
  }

  private static void checkAlerts(Map<String, Object> rules, List<String> problems) {
    for (Map<String, Object> group : Yaml.maps(rules, "spec", "groups")) {
      for (Map<String, Object> rule : Yaml.maps(group, "rules")) {
        if (rule.containsKey("alert")
            && (Yaml.text(rule, "annotations", "runbook").isBlank()
                || Yaml.text(rule, "annotations", "summary").isBlank()
                || Yaml.text(rule, "labels", "severity").isBlank())) {
          problems.add(
              "%s says not what it is, how bad, and what to do".formatted(rule.get("alert")));
        }
      }
    }
  }

  /// Everything that Prometheus is asked: rules, queries of the autoscaler, panels.
  private static List<String> expressions(List<Map<String, Object>> objects) {
    List<String> expressions = new ArrayList<>();
    objects.forEach(object -> collectExpressions(object, expressions));
    return expressions;
  }

  private static void collectExpressions(Object value, List<String> expressions) {
    if (value instanceof Map<?, ?> map) {
      map.forEach((name, each) -> {
        if (each instanceof String text && Set.of("expr", "query").contains(name)) {
          expressions.add(text);
        } else if (each instanceof String text && name.toString().endsWith(".json")) {
          collectExpressions(Yaml.value(text), expressions);
        } else {
          collectExpressions(each, expressions);
        }
      });
    } else if (value instanceof List<?> list) {
      list.forEach(each -> collectExpressions(each, expressions));
    }
  }

  private static void checkMetrics(String expression, List<String> problems) {
    Matcher metrics = METRIC.matcher(expression);
    while (metrics.find()) {
      String name = metrics.group(1);
      if (!METRICS.containsKey(name)) {
        problems.add("there is no metric %s: %s".formatted(name, expression));
        continue;
      }
      for (Matcher tag = TAG.matcher(String.valueOf(metrics.group(2))); tag.find(); ) {
        if (!TARGET_TAGS.contains(tag.group(1)) && !METRICS.get(name).contains(tag.group(1))) {
          problems.add("%s has no tag %s: %s".formatted(name, tag.group(1), expression));
        }
      }
    }
    Matcher others = OF_OTHERS.matcher(expression);
    while (others.find()) {
      if (!METRICS_OF_JVM.contains(others.group(1)) && !KNOWN_OF_OTHERS.contains(others.group(1))) {
        problems.add("there is no metric %s: %s".formatted(others.group(1), expression));
      }
    }
  }

  /// The names under which Prometheus has them, with their tags.
  private static Map<String, Set<String>> documented() {
    Map<String, Set<String>> metrics = new HashMap<>();
    Matcher rows =
        Pattern.compile("(?m)^\\| `(nunchi_\\w+)` \\| (\\w+) \\|([^|]*)\\|")
            .matcher(read(Path.of("docs/metrics.md")));
    while (rows.find()) {
      Set<String> tags =
          Pattern.compile("`(\\w+)`")
              .matcher(rows.group(3))
              .results()
              .map(tag -> tag.group(1))
              .collect(Collectors.toSet());
      List<String> suffixes =
          rows.group(2).equals("histogram") ? List.of("_bucket", "_sum", "_count") : List.of("");
      suffixes.forEach(suffix -> metrics.put(rows.group(1) + suffix, tags));
    }
    return metrics;
  }

  private static String read(Path path) {
    try {
      return Files.readString(path);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
