package dev.nunchi.kubernetes;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// What objects say of each other: whoever is named is there, has the port, and is the one that is
/// meant.
final class ReferencePolicies {
  /// Secrets that a user makes, as k8s/README.md says.
  private static final Set<String> GIVEN =
      Set.of("nunchi-tokens", "nunchi-metrics-token", "nunchi-gateway-tls");

  private final List<Map<String, Object>> objects;
  private final List<PodTemplate> pods;
  private final Set<String> ids;
  private final List<String> problems = new ArrayList<>();

  private ReferencePolicies(List<Map<String, Object>> objects) {
    this.objects = objects;
    this.pods = PodTemplate.of(objects);
    this.ids = objects.stream().map(Kustomization::id).collect(Collectors.toSet());
  }

  static List<String> problems(List<Map<String, Object>> objects) {
    ReferencePolicies policies = new ReferencePolicies(objects);
    policies.pods.forEach(policies::checkPod);
    objects.forEach(policies::checkObject);
    policies.checkNetwork();
    policies.checkDisruption();
    return policies.problems;
  }

  private void require(
      boolean holds, Map<String, Object> object, String message, Object... arguments) {
    if (!holds) {
      problems.add(Kustomization.id(object) + " " + message.formatted(arguments));
    }
  }

  private Stream<Map<String, Object>> all(String kind) {
    return objects.stream()
        .filter(object -> Yaml.text(object, "kind").equals(kind) && !PodTemplate.isKnative(object));
  }

  private void requireThere(Map<String, Object> object, String kind, String name) {
    require(
        name.isEmpty() || ids.contains(kind + " " + name),
        object,
        "names %s %s, which is not there",
        kind,
        name);
  }

  private void checkPod(PodTemplate pod) {
    Map<String, Object> spec = pod.spec();
    require(
        !Yaml.text(spec, "serviceAccountName").isEmpty(), pod.owner(), "has no account of its own");
    requireThere(pod.owner(), "ServiceAccount", Yaml.text(spec, "serviceAccountName"));
    requireThere(pod.owner(), "PriorityClass", Yaml.text(spec, "priorityClassName"));
    for (Map<String, Object> container : pod.containers()) {
      for (Map<String, Object> source : Yaml.maps(container, "envFrom")) {
        requireThere(pod.owner(), "ConfigMap", Yaml.text(source, "configMapRef", "name"));
      }
    }
    for (Map<String, Object> volume : Yaml.maps(spec, "volumes")) {
      requireThere(
          pod.owner(),
          "PersistentVolumeClaim",
          Yaml.text(volume, "persistentVolumeClaim", "claimName"));
      requireThere(pod.owner(), "ConfigMap", Yaml.text(volume, "configMap", "name"));
      requireSecret(pod.owner(), Yaml.text(volume, "secret", "secretName"));
    }
    for (Map<String, Object> spread : Yaml.maps(spec, "topologySpreadConstraints")) {
      require(
          pod.isSelected(Yaml.at(spread, "labelSelector", "matchLabels")),
          pod.owner(),
          "spreads other pods than its own");
    }
    Object selector = Yaml.at(pod.owner(), "spec", "selector", "matchLabels");
    require(
        selector == null || pod.isSelected(selector),
        pod.owner(),
        "selects other pods than its own");
  }

  private void requireSecret(Map<String, Object> object, String name) {
    require(
        name.isEmpty()
            || GIVEN.contains(name)
            || all("Certificate")
                .anyMatch(each -> Yaml.text(each, "spec", "secretName").equals(name)),
        object,
        "names the Secret %s, which nobody makes",
        name);
  }

  private void checkObject(Map<String, Object> object) {
    String kind = Yaml.text(object, "kind");
    require(
        Kustomization.CLUSTER_WIDE.contains(kind)
            || !Yaml.text(object, "metadata", "namespace").isEmpty(),
        object,
        "is in no namespace");
    switch (kind) {
      case "Namespace" ->
          require(
              Yaml.text(object, "metadata", "labels", "pod-security.kubernetes.io/enforce")
                  .equals("restricted"),
              object,
              "does not enforce the standard 'restricted'");
      case "Service" -> checkService(object);
      case "HorizontalPodAutoscaler" -> checkScaling(object, "minReplicas", "maxReplicas");
      case "ScaledObject" -> {
        checkScaling(object, "minReplicaCount", "maxReplicaCount");
        require(Yaml.at(object, "spec", "fallback") != null, object, "has no fallback");
      }
      case "ServiceMonitor" -> checkMonitor(object);
      case "GRPCRoute", "HTTPRoute" -> checkRoute(object);
      case "Gateway" ->
          Yaml.maps(object, "spec", "listeners").stream()
              .flatMap(listener -> Yaml.maps(listener, "tls", "certificateRefs").stream())
              .forEach(reference -> requireSecret(object, Yaml.text(reference, "name")));
      case "Certificate" -> {
        require(
            Yaml.text(object, "spec", "privateKey", "encoding").equals("PKCS8"),
            object,
            "has a key in another form than PKCS8, which the server does not read");
        requireThere(
            object,
            Yaml.text(object, "spec", "issuerRef", "kind"),
            Yaml.text(object, "spec", "issuerRef", "name"));
      }
      case "Deployment" -> checkRollout(object);
      case "Job" -> checkJob(object, Yaml.map(object.get("spec")));
      case "CronJob" -> {
        require(
            Yaml.text(object, "spec", "concurrencyPolicy").equals("Forbid"),
            object,
            "may run twice at a time");
        checkJob(object, Yaml.map(Yaml.at(object, "spec", "jobTemplate", "spec")));
      }
      default -> {}
    }
  }

  private void checkService(Map<String, Object> service) {
    if (PodTemplate.isKnative(service)) {
      return;
    }
    List<PodTemplate> selected =
        pods.stream().filter(pod -> pod.isSelected(Yaml.at(service, "spec", "selector"))).toList();
    require(!selected.isEmpty(), service, "selects no pods");
    for (Map<String, Object> port : Yaml.maps(service, "spec", "ports")) {
      for (PodTemplate pod : selected) {
        require(
            pod.hasPort(Yaml.text(port, "targetPort")),
            service,
            "leads to port %s, which %s does not have",
            port.get("targetPort"),
            pod.name());
        boolean health = port.get("name").equals("health");
        boolean tls = PodPolicies.isTls(Yaml.maps(pod.spec(), "containers").getFirst());
        require(
            Yaml.text(port, "appProtocol")
                .equals(health ? "http" : tls ? "https" : "kubernetes.io/h2c"),
            service,
            "says another protocol than the server's");
      }
    }
  }

  private void checkScaling(Map<String, Object> scaler, String least, String most) {
    String target = Yaml.text(scaler, "spec", "scaleTargetRef", "name");
    requireThere(scaler, "Deployment", target);
    int from = (Integer) Yaml.at(scaler, "spec", least);
    int to = (Integer) Yaml.at(scaler, "spec", most);
    require(from <= to, scaler, "scales from %d to %d", from, to);
    require(
        all("Deployment").noneMatch(each -> Yaml.at(each, "spec", "replicas") != null),
        scaler,
        "has its number of pods set back by each apply");
    require(
        Stream.concat(all("HorizontalPodAutoscaler"), all("ScaledObject")).count() == 1,
        scaler,
        "is not alone");
  }

  private void checkMonitor(Map<String, Object> monitor) {
    List<Map<String, Object>> services =
        all("Service")
            .filter(service ->
                Yaml.map(Yaml.at(service, "metadata", "labels"))
                    .entrySet()
                    .containsAll(
                        Yaml.map(Yaml.at(monitor, "spec", "selector", "matchLabels")).entrySet()))
            .toList();
    require(services.size() == 1, monitor, "finds %d Services", services.size());
    for (Map<String, Object> endpoint : Yaml.maps(monitor, "spec", "endpoints")) {
      require(
          Yaml.text(endpoint, "path").equals(ServerNames.METRICS_PATH),
          monitor,
          "reads %s",
          endpoint.get("path"));
      require(
          services.stream()
              .allMatch(service ->
                  Yaml.maps(service, "spec", "ports").stream()
                      .anyMatch(
                          port -> Yaml.text(port, "name").equals(Yaml.text(endpoint, "port")))),
          monitor,
          "reads port %s, which the Service does not have",
          endpoint.get("port"));
      boolean tls =
          !Yaml.text(endpoint, "port").equals("health")
              && pods.stream()
                  .anyMatch(
                      pod -> PodPolicies.isTls(Yaml.maps(pod.spec(), "containers").getFirst()));
      require(
          Yaml.text(endpoint, "scheme").equals("https") == tls,
          monitor,
          "reads over another protocol than the server's");
    }
  }

  private void checkRoute(Map<String, Object> route) {
    for (Map<String, Object> parent : Yaml.maps(route, "spec", "parentRefs")) {
      require(
          all("Gateway")
              .filter(gateway ->
                  Yaml.text(gateway, "metadata", "name").equals(Yaml.text(parent, "name")))
              .flatMap(gateway -> Yaml.maps(gateway, "spec", "listeners").stream())
              .anyMatch(listener ->
                  Yaml.text(listener, "name").equals(Yaml.text(parent, "sectionName"))
                      && Yaml.texts(route, "spec", "hostnames")
                          .equals(List.of(Yaml.text(listener, "hostname")))),
          route,
          "hangs on no listener of its name");
    }
    for (Map<String, Object> rule : Yaml.maps(route, "spec", "rules")) {
      for (Map<String, Object> backend : Yaml.maps(rule, "backendRefs")) {
        require(
            all("Service")
                .filter(service ->
                    Yaml.text(service, "metadata", "name").equals(Yaml.text(backend, "name")))
                .flatMap(service -> Yaml.maps(service, "spec", "ports").stream())
                .anyMatch(port -> port.get("port").equals(backend.get("port"))),
            route,
            "leads to %s, port %s, which is not there",
            backend.get("name"),
            backend.get("port"));
      }
      String timeout = Yaml.text(rule, "timeouts", "request");
      require(
          timeout.isEmpty()
              || ServerNames.REST_TIMEOUT.compareTo(Duration.parse("PT" + timeout)) < 0,
          route,
          "gives up after %s, before the server does",
          timeout);
    }
  }

  private void checkRollout(Map<String, Object> deployment) {
    String surge = Yaml.text(deployment, "spec", "strategy", "rollingUpdate", "maxSurge");
    String away = Yaml.text(deployment, "spec", "strategy", "rollingUpdate", "maxUnavailable");
    boolean gpu =
        Yaml.text(deployment, "spec", "template", "spec", "runtimeClassName").equals("nvidia");
    require(
        gpu ? away.equals("1") && surge.equals("0") : away.equals("0") && !surge.equals("0"),
        deployment,
        "rolls out with %s away and %s more",
        away,
        surge);
    require(
        Yaml.at(deployment, "spec", "progressDeadlineSeconds") != null,
        deployment,
        "never says that a rollout has failed");
  }

  private void checkJob(Map<String, Object> job, Map<String, Object> spec) {
    require(
        Yaml.text(spec, "template", "spec", "restartPolicy").equals("Never"),
        job,
        "starts containers again by itself, so its failure policy does not hold");
    List<Map<String, Object>> rules = Yaml.maps(spec, "podFailurePolicy", "rules");
    require(
        rules.stream()
            .anyMatch(rule ->
                Yaml.text(rule, "action").equals("Ignore")
                    && Yaml.text(rule, "onPodConditions", 0, "type").equals("DisruptionTarget")),
        job,
        "counts an eviction as a failure");
    require(
        rules.stream()
            .anyMatch(rule ->
                Yaml.text(rule, "action").equals("Ignore")
                    && Yaml.texts(rule, "onExitCodes", "values").equals(List.of("143"))),
        job,
        "counts a saved training as a failure");
    Set<String> names = new HashSet<>();
    List<List<String>> commands = new ArrayList<>();
    for (String list : List.of("initContainers", "containers")) {
      for (Map<String, Object> container : Yaml.maps(spec, "template", "spec", list)) {
        names.add(Yaml.text(container, "name"));
        commands.add(Yaml.texts(container, "args"));
      }
    }
    for (Map<String, Object> rule : rules) {
      String name = Yaml.text(rule, "onExitCodes", "containerName");
      require(name.isEmpty() || names.contains(name), job, "has no container %s", name);
    }
    require(
        commands.stream()
            .map(List::getFirst)
            .toList()
            .equals(List.of("train", "evaluate", "export")),
        job,
        "does not train, evaluate and export, in this order");
    require(commands.getFirst().contains("--resume"), job, "begins anew after an eviction");
    require(
        commands.get(1).stream().anyMatch(each -> each.startsWith("--at-least")),
        job,
        "serves a model whatever it is worth");
  }

  private void checkNetwork() {
    for (PodTemplate pod : pods) {
      List<Map<String, Object>> policies =
          all("NetworkPolicy").filter(policy -> covers(policy, pod)).toList();
      Map<String, Long> directions = new HashMap<>();
      policies.forEach(policy ->
          Yaml.texts(policy, "spec", "policyTypes")
              .forEach(type -> directions.merge(type, 1L, Long::sum)));
      require(
          directions.keySet().equals(Set.of("Ingress", "Egress")),
          pod.owner(),
          "is covered by policies for %s",
          directions.keySet());
    }
    all("NetworkPolicy")
        .forEach(policy -> {
          List<PodTemplate> covered = pods.stream().filter(pod -> covers(policy, pod)).toList();
          require(!covered.isEmpty(), policy, "covers no pods");
          for (Map<String, Object> rule : Yaml.maps(policy, "spec", "ingress")) {
            for (Map<String, Object> port : Yaml.maps(rule, "ports")) {
              require(
                  !(port.get("port") instanceof String name)
                      || covered.stream().anyMatch(pod -> pod.hasPort(name)),
                  policy,
                  "opens port %s, which no pod has",
                  port.get("port"));
            }
            require(!Yaml.maps(rule, "from").isEmpty(), policy, "lets anybody in");
          }
        });
    for (Map<String, Object> service : all("Service").toList()) {
      require(
          all("NetworkPolicy").anyMatch(policy -> !Yaml.maps(policy, "spec", "ingress").isEmpty()),
          service,
          "is reached by nobody");
    }
  }

  private static boolean covers(Map<String, Object> policy, PodTemplate pod) {
    Object labels = Yaml.at(policy, "spec", "podSelector", "matchLabels");
    return labels == null || pod.isSelected(labels);
  }

  private void checkDisruption() {
    all("Deployment")
        .forEach(deployment -> {
          PodTemplate pod =
              new PodTemplate(deployment, Yaml.map(Yaml.at(deployment, "spec", "template")));
          List<Map<String, Object>> budgets =
              all("PodDisruptionBudget")
                  .filter(
                      budget -> pod.isSelected(Yaml.at(budget, "spec", "selector", "matchLabels")))
                  .toList();
          require(budgets.size() == 1, deployment, "has %d disruption budgets", budgets.size());
          for (Map<String, Object> budget : budgets) {
            require(
                Yaml.text(budget, "spec", "maxUnavailable").matches("[1-9]\\d*"),
                budget,
                "keeps a node from being drained");
          }
        });
  }
}
