package dev.nunchi.kubernetes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Mistakes as one makes them when editing `k8s/`, each of which is named.
class BrokenManifestsTest {
  private static final String DEPLOYMENT = "base/deployment.yaml";

  /// One mistake.
  ///
  /// @param overlay the folder in which it shows
  /// @param named part of what is said of it
  record Mistake(String overlay, String file, String text, String other, String named) {
    @Override
    public String toString() {
      return "%s: %s".formatted(file, other.strip().replace('\n', ' '));
    }
  }

  static Stream<Mistake> mistakes() {
    return Stream.of(
        // Names and values that the API does not have.
        base("terminationGracePeriodSeconds: 45", "terminationGracePeriod: 45", "has no field"),
        base("readOnlyRootFilesystem: true", "readOnlyRootFilesystem: 7", "is 7, not boolean"),
        base("memory: 768Mi", "memory: 768MB", "not quantity"),
        base("imagePullPolicy: IfNotPresent", "imagePullPolicy: IfAbsent", "not one of"),
        base("apiVersion: apps/v1", "apiVersion: apps/v1beta1", "there is no schema"),
        base("        image: nunchi\n", "", "not pinned"),
        new Mistake(
            "overlays/keda",
            "components/keda/scaled-object.yaml",
            "maxReplicaCount: 20",
            "maxReplicas: 20",
            "has no field maxReplicas"),
        new Mistake(
            "overlays/knative",
            "overlays/knative/service.yaml",
            "containerConcurrency: 32",
            "concurrency: 32",
            "has no field concurrency"),
        new Mistake(
            "overlays/gateway",
            "components/gateway/routes.yaml",
            "service: nunchi.sentiment.v1.SentimentService",
            "services: nunchi.sentiment.v1.SentimentService",
            "has no field services"),
        new Mistake(
            "overlays/tls",
            "components/tls/certificates.yaml",
            "usages: [server auth]",
            "usages: [serving]",
            "not one of"),
        new Mistake(
            "training/job",
            "training/job/job.yaml",
            "backoffLimit: 3",
            "backOffLimit: 3",
            "has no field backOffLimit"),
        // What kustomize would refuse, or do without a word.
        new Mistake(
            "overlays/cpu",
            "overlays/cpu/kustomization.yaml",
            "resources:",
            "bases:",
            "the field bases"),
        new Mistake(
            "overlays/gpu-mig",
            "components/gpu-mig/kustomization.yaml",
            "op: remove",
            "op: delete",
            "no such operation"),
        new Mistake(
            "overlays/gpu",
            "components/gpu/kustomization.yaml",
            "name: nunchi-settings",
            "name: nunchi-setting",
            "to merge into"),
        // Ports, paths and names that the server does not have.
        base("containerPort: 8080", "containerPort: 8081", "the server listens at 8080"),
        base("path: /q/health/ready", "path: /healthz", "no readinessProbe at /q/health/ready"),
        base(
            "path: /q/health/live\n            port: health",
            "path: /q/health/live\n            port: web",
            "none of its ports' names"),
        new Mistake(
            "overlays/cpu",
            "base/kustomization.yaml",
            "NUNCHI_THREADS=2",
            "NUNCHI_THREAD=2",
            "is no setting"),
        new Mistake(
            "overlays/monitoring",
            "components/monitoring/service-monitor.yaml",
            "path: /q/metrics",
            "path: /metrics",
            "reads /metrics"),
        new Mistake(
            "overlays/monitoring",
            "components/monitoring/rules.yaml",
            "expr: max by (namespace, pod) (nunchi_queue_predicted_seconds)",
            "expr: max by (namespace, pod) (nunchi_queue_seconds)",
            "no metric nunchi_queue_seconds"),
        new Mistake(
            "overlays/keda",
            "components/keda/scaled-object.yaml",
            "avg_over_time(process_cpu_usage{",
            "avg_over_time(process_cpu_used{",
            "no metric process_cpu_used"),
        new Mistake(
            "overlays/monitoring",
            "components/monitoring/rules.yaml",
            "{reason=\"UNAUTHENTICATED\"}",
            "{cause=\"UNAUTHENTICATED\"}",
            "has no tag cause"),
        new Mistake(
            "overlays/gateway",
            "components/gateway/routes.yaml",
            "v1.SentimentService",
            "v2.SentimentService",
            "there is no service"),
        // What a pod may do.
        base("runAsNonRoot: true", "runAsNonRoot: false", "may run as root"),
        base("drop: [ALL]", "drop: [NET_RAW]", "has capabilities"),
        base("          type: RuntimeDefault\n", "          type: Unconfined\n", "has no seccomp"),
        base("allowPrivilegeEscalation: false", "privileged: true", "may gain privileges"),
        new Mistake(
            "overlays/cpu",
            "base/kustomization.yaml",
            "newTag: 0.1.0",
            "newTag: latest",
            "not pinned"),
        base("          limits:\n            memory: 768Mi\n", "", "or no limit"),
        new Mistake(
            "overlays/cpu",
            "base/network.yaml",
            "  podSelector: {}\n  policyTypes: [Ingress, Egress]",
            "  podSelector: {}\n  policyType: [Ingress]",
            "has no field policyType"),
        new Mistake(
            "overlays/cpu",
            "base/network.yaml",
            "    - port: http",
            "    - port: grpc",
            "opens port grpc"),
        // How it begins and ends.
        base(
            "        startupProbe:\n"
                + "          httpGet:\n"
                + "            path: /q/health/started\n"
                + "            port: health\n"
                + "          periodSeconds: 2\n"
                + "          failureThreshold: 90\n"
                + "          timeoutSeconds: 2\n",
            "",
            "no startupProbe"),
        base(
            "terminationGracePeriodSeconds: 45",
            "terminationGracePeriodSeconds: 30",
            "takes 31 s to end"),
        base(
            "              seconds: 5",
            "              seconds: 1",
            "before the proxies have heard"),
        base("maxUnavailable: 0", "maxUnavailable: 1", "rolls out with 1 away"),
        // Whom objects name.
        new Mistake(
            "overlays/cpu",
            "base/disruption.yaml",
            "component: server",
            "component: servers",
            "has 0 disruption budgets"),
        new Mistake(
            "overlays/monitoring",
            "base/services.yaml",
            "    app.kubernetes.io/component: client-side-balancing",
            "    app.kubernetes.io/component: server",
            "finds 2 Services"),
        new Mistake(
            "overlays/tls",
            "components/tls/kustomization.yaml",
            "secretName: nunchi-tls",
            "secretName: nunchi-cert",
            "which nobody makes"),
        new Mistake(
            "overlays/tls",
            "components/tls/kustomization.yaml",
            "path: /spec/ports/0/appProtocol\n      value: https",
            "path: /spec/ports/0/appProtocol\n      value: kubernetes.io/h2c",
            "says another protocol"),
        new Mistake(
            "overlays/cpu",
            "base/kustomization.yaml",
            "NUNCHI_HEALTH_PORT=9000",
            "NUNCHI_HEALTH_PORT=9001",
            "the server listens at 9001"),
        new Mistake(
            "overlays/tokens",
            "components/tokens/kustomization.yaml",
            "mountPath: /etc/nunchi/tokens",
            "mountPath: /etc/nunchi/token",
            "where nothing is mounted"),
        new Mistake(
            "overlays/cpu",
            "components/hpa/autoscaler.yaml",
            "    name: nunchi\n  minReplicas",
            "    name: nunchi-server\n  minReplicas",
            "which is not there"),
        new Mistake(
            "overlays/gateway",
            "components/gateway/routes.yaml",
            "    timeouts:\n      request: 65s",
            "    timeouts:\n      request: 10s",
            "before the server does"),
        new Mistake(
            "overlays/model-pvc",
            "components/model-pvc/kustomization.yaml",
            "claimName: nunchi-models",
            "claimName: models",
            "which is not there"),
        new Mistake(
            "training/job",
            "training/job/job.yaml",
            ", --resume]",
            "]",
            "begins anew after an eviction"),
        new Mistake(
            "training/job",
            "training/job/job.yaml",
            "    - type: DisruptionTarget",
            "    - type: Disruption",
            "counts an eviction"),
        new Mistake(
            "overlays/gpu",
            "components/gpu/deployment.yaml",
            "runtimeClassName: nvidia",
            "runtimeClassName: runc",
            "not the runtime for it"));
  }

  private static Mistake base(String text, String other, String named) {
    return new Mistake("overlays/cpu", DEPLOYMENT, text, other, named);
  }

  @ParameterizedTest
  @MethodSource("mistakes")
  void mistake_inAnOverlay_isNamed(Mistake mistake) {
    List<String> problems =
        Manifests.problems(
            Sources.ROOT.resolve(mistake.overlay()),
            Sources.onDisk().with(mistake.file(), mistake.text(), mistake.other()));
    assertFalse(problems.isEmpty());
    assertTrue(String.join("\n", problems).contains(mistake.named()), problems.toString());
  }

  @Test
  void mistakes_thatAreTried_areMoreThanThirty() {
    assertEquals(mistakes().count(), mistakes().distinct().count());
    assertTrue(mistakes().count() >= 30);
  }
}
