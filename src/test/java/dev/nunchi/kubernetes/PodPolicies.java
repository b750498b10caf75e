package dev.nunchi.kubernetes;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What holds for every pod: it may do little, takes a known share, says how it is, and has the
/// time to end.
final class PodPolicies {
  /// A registry's port is no tag.
  private static final Pattern PINNED =
      Pattern.compile(".+(:(?!latest$)[\\w][\\w.-]*|@sha256:[0-9a-f]{64})");

  private static final Pattern REFERENCE = Pattern.compile("\\$\\(([^)]*)\\)");
  private static final Pattern FILE = Pattern.compile("--[a-z-]+=(?:\\w+=)?(/[^$]*)");

  /// Between the end of the answers and that of the process.
  private static final Duration CLOSING = Duration.ofSeconds(3);

  private static final Duration PROXIES_HEAR = Duration.ofSeconds(5);

  private final PodTemplate pod;
  private final List<Map<String, Object>> objects;
  private final List<String> problems = new ArrayList<>();

  private PodPolicies(PodTemplate pod, List<Map<String, Object>> objects) {
    this.pod = pod;
    this.objects = objects;
  }

  static List<String> problems(PodTemplate pod, List<Map<String, Object>> objects) {
    PodPolicies policies = new PodPolicies(pod, objects);
    policies.checkPod();
    pod.containers().forEach(policies::checkContainer);
    if (pod.isServer()) {
      policies.checkServer(Yaml.maps(pod.spec(), "containers").getFirst());
    }
    return policies.problems;
  }

  private void require(boolean holds, String message, Object... arguments) {
    if (!holds) {
      problems.add(pod.name() + " " + message.formatted(arguments));
    }
  }

  private void checkPod() {
    Map<String, Object> spec = pod.spec();
    for (String host : List.of("hostNetwork", "hostPID", "hostIPC")) {
      require(!Boolean.TRUE.equals(spec.get(host)), "has %s", host);
    }
    require(
        Boolean.FALSE.equals(spec.get("automountServiceAccountToken")) || accountHasNoToken(),
        "has a token of its account");
    require(Boolean.FALSE.equals(spec.get("enableServiceLinks")), "is told of every Service");
    Set<String> volumes = new HashSet<>();
    for (Map<String, Object> volume : Yaml.maps(spec, "volumes")) {
      String name = Yaml.text(volume, "name");
      require(!volume.containsKey("hostPath"), "mounts the host's %s", name);
      require(
          !volume.containsKey("emptyDir") || Yaml.at(volume, "emptyDir", "sizeLimit") != null,
          "has no limit for the volume %s",
          name);
      require(volumes.add(name), "has two volumes %s", name);
      String image = Yaml.text(volume, "image", "reference");
      require(
          image.isEmpty() || PINNED.matcher(image).matches(),
          "mounts %s, which is not pinned",
          image);
    }
    Set<String> used = new HashSet<>();
    pod.containers()
        .forEach(container ->
            Yaml.maps(container, "volumeMounts")
                .forEach(mount -> used.add(Yaml.text(mount, "name"))));
    for (String name : used) {
      require(volumes.contains(name), "mounts %s, which is no volume of it", name);
    }
    require(used.containsAll(volumes), "has volumes %s and mounts %s", volumes, used);
  }

  private boolean accountHasNoToken() {
    String id = "ServiceAccount " + Yaml.text(pod.spec(), "serviceAccountName");
    return objects.stream()
        .anyMatch(object ->
            Kustomization.id(object).equals(id)
                && Boolean.FALSE.equals(object.get("automountServiceAccountToken")));
  }

  private void checkContainer(Map<String, Object> container) {
    String name = Yaml.text(container, "name");
    String image = Yaml.text(container, "image");
    require(PINNED.matcher(image).matches(), "runs %s, which is not pinned", image);
    Object rights = container.get("securityContext");
    Object all = Yaml.at(pod.spec(), "securityContext");
    require(isSaid(true, rights, all, "runAsNonRoot"), "%s may run as root", name);
    require(!isSaid(0, rights, all, "runAsUser"), "%s runs as root", name);
    require(
        isSaid("RuntimeDefault", rights, all, "seccompProfile", "type"), "%s has no seccomp", name);
    require(
        Boolean.FALSE.equals(Yaml.at(rights, "allowPrivilegeEscalation")),
        "%s may gain privileges",
        name);
    require(!Boolean.TRUE.equals(Yaml.at(rights, "privileged")), "%s is privileged", name);
    require(
        Boolean.TRUE.equals(Yaml.at(rights, "readOnlyRootFilesystem")),
        "%s may write its image",
        name);
    require(
        Yaml.texts(rights, "capabilities", "drop").equals(List.of("ALL"))
            && Yaml.texts(rights, "capabilities", "add").isEmpty(),
        "%s has capabilities",
        name);
    for (String resource : List.of("cpu", "memory")) {
      require(
          Yaml.at(container, "resources", "requests", resource) != null,
          "%s requests no %s",
          name,
          resource);
    }
    require(
        bytes(Yaml.text(container, "resources", "limits", "memory"))
            >= bytes(Yaml.text(container, "resources", "requests", "memory")),
        "%s has less memory than it requests, or no limit",
        name);
    checkArguments(name, container);
    checkGpu(name, container);
  }

  /// Of the container, or of the pod where the container says nothing.
  private static boolean isSaid(Object value, Object rights, Object all, Object... path) {
    Object own = Yaml.at(rights, path);
    return value.equals(own == null ? Yaml.at(all, path) : own);
  }

  private void checkArguments(String name, Map<String, Object> container) {
    Map<String, String> environment = PodTemplate.environment(container, objects);
    List<String> mounts = new ArrayList<>();
    Yaml.maps(container, "volumeMounts")
        .forEach(mount -> mounts.add(Yaml.text(mount, "mountPath")));
    require(mounts.contains("/tmp"), "%s has no folder for temporary files", name);
    require(new HashSet<>(mounts).size() == mounts.size(), "%s mounts twice at one place", name);
    for (String argument : Yaml.texts(container, "args")) {
      for (Matcher matcher = REFERENCE.matcher(argument); matcher.find(); ) {
        require(
            environment.containsKey(matcher.group(1)),
            "%s has no variable %s",
            name,
            matcher.group(1));
      }
      Matcher file = FILE.matcher(argument);
      if (file.matches()) {
        require(
            mounts.stream().anyMatch(mount -> (file.group(1) + "/").startsWith(mount + "/")),
            "%s reads %s, where nothing is mounted",
            name,
            file.group(1));
      }
    }
  }

  private void checkGpu(String name, Map<String, Object> container) {
    Object limits = Yaml.at(container, "resources", "limits");
    boolean has =
        limits instanceof Map<?, ?> map
            && map.keySet().stream().anyMatch(key -> key.toString().startsWith("nvidia.com/"));
    boolean wants =
        PodTemplate.environment(container, objects)
            .getOrDefault("NUNCHI_DEVICE", "")
            .equals("cuda");
    require(has || !wants || !pod.isServer(), "%s is to use a GPU, and asks for none", name);
    if (has) {
      require(
          Yaml.text(pod.spec(), "runtimeClassName").equals("nvidia"),
          "%s has a GPU, and not the runtime for it",
          name);
      require(
          Yaml.maps(pod.spec(), "tolerations").stream()
              .anyMatch(each -> Yaml.text(each, "key").equals("nvidia.com/gpu")),
          "%s has a GPU, and does not tolerate the nodes that have one",
          name);
      require(!pod.isServer() || wants, "%s has a GPU, and is not told to use it", name);
    }
  }

  private void checkServer(Map<String, Object> container) {
    checkProbe(container, "startupProbe", "/q/health/started");
    checkProbe(container, "readinessProbe", "/q/health/ready");
    checkProbe(container, "livenessProbe", "/q/health/live");
    require(
        number(container, "livenessProbe", "failureThreshold", 3)
                * number(container, "livenessProbe", "periodSeconds", 10)
            >= 30,
        "is killed when it is busy");
    require(
        number(container, "startupProbe", "failureThreshold", 3)
                * number(container, "startupProbe", "periodSeconds", 10)
            >= 60,
        "has no time to start");
    boolean tls = isTls(container);
    String health =
        PodTemplate.environment(container, objects).getOrDefault(ServerNames.HEALTH, "");
    for (Map<String, Object> port : Yaml.maps(container, "ports")) {
      String expected =
          port.get("name").equals("health")
              ? health
              : Integer.toString(tls ? ServerNames.TLS_PORT : ServerNames.PORT);
      require(
          port.get("containerPort").toString().equals(expected),
          "has port %s, and the server listens at %s",
          port.get("containerPort"),
          expected);
    }
    if (!PodTemplate.isKnative(pod.owner())) {
      checkEnd(container);
    }
  }

  static boolean isTls(Map<String, Object> container) {
    return Yaml.texts(container, "args").stream().anyMatch(each -> each.startsWith("--tls-cert"));
  }

  private void checkProbe(Map<String, Object> container, String probe, String path) {
    Object call = Yaml.at(container, probe, "httpGet");
    require(Yaml.text(call, "path").equals(path), "has no %s at %s", probe, path);
    require(
        Yaml.text(call, "scheme").equals("HTTPS")
            == (isTls(container) && !Yaml.text(call, "port").equals("health")),
        "has a %s over another protocol than the server's",
        probe);
    Object port = Yaml.at(call, "port");
    require(
        port == null ? PodTemplate.isKnative(pod.owner()) : pod.hasPort(port.toString()),
        "has a %s at port %s, which is none of its ports' names",
        probe,
        port);
  }

  /// What the proxies take to hear, and the server to answer what it has.
  private void checkEnd(Map<String, Object> container) {
    Map<String, String> environment = PodTemplate.environment(container, objects);
    long sleep = number(container, "lifecycle", "preStop", "sleep", "seconds", 0);
    require(
        sleep >= PROXIES_HEAR.toSeconds(),
        "ends before the proxies have heard of it (%d s)",
        sleep);
    long drain =
        sleep
            + seconds(environment.getOrDefault("NUNCHI_SHUTDOWN_DELAY", "0S"))
            + seconds(environment.getOrDefault("QUARKUS_SHUTDOWN_TIMEOUT", "20S"))
            + CLOSING.toSeconds();
    long grace = number(pod.spec(), "terminationGracePeriodSeconds", 30);
    require(grace >= drain, "is killed after %d s, and takes %d s to end", grace, drain);
  }

  private static long seconds(String setting) {
    return Duration.parse("PT" + setting).toSeconds();
  }

  /// @param pathAndOtherwise the path, and then the value where nothing is there
  private static long number(Object value, Object... pathAndOtherwise) {
    int last = pathAndOtherwise.length - 1;
    Object there = Yaml.at(value, Arrays.copyOf(pathAndOtherwise, last));
    return ((Number) (there == null ? pathAndOtherwise[last] : there)).longValue();
  }

  private static long bytes(String quantity) {
    Matcher matcher = Pattern.compile("(\\d+)([KMG]i)?").matcher(quantity);
    if (!matcher.matches()) {
      return -1;
    }
    long factor =
        switch (String.valueOf(matcher.group(2))) {
          case "Ki" -> 1L << 10;
          case "Mi" -> 1L << 20;
          case "Gi" -> 1L << 30;
          default -> 1;
        };
    return Long.parseLong(matcher.group(1)) * factor;
  }
}
