package dev.nunchi.serve;

import dev.nunchi.sentiment.v1.SentimentServiceGrpc;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.config.MeterFilter;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Lets only paths that are served be tags of HTTP's metrics, others are `other`: of tags a hundred
/// are kept, and whoever asks for as many paths, with a token or without, would have all further
/// ones uncounted.
@Singleton
final class PathTags {
  private static final String OTHER = "other";
  private static final String TAG = "uri";

  private static final Set<String> SERVED =
      Stream.of(
              Stream.of(
                  "/v1/classify",
                  "/v1/models",
                  // As their endpoints have it.
                  "/v1/classify{colon: (:|%3[Aa])}batch",
                  "/v1/models/{name}",
                  "/v1/models/{name: [^:/]+}{colon: (:|%3[Aa])}reload",
                  "/q/health",
                  "/q/health/live",
                  "/q/health/ready",
                  "/q/health/started",
                  "/q/metrics",
                  "/grpc.health.v1.Health/Check",
                  "/grpc.health.v1.Health/Watch",
                  "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
                  "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"),
              SentimentServiceGrpc.getServiceDescriptor().getMethods().stream()
                  .map(method -> "/" + method.getFullMethodName()),
              Playground.TYPES.keySet().stream())
          .flatMap(paths -> paths)
          .collect(Collectors.toUnmodifiableSet());

  @Produces
  @Singleton
  MeterFilter filter() {
    return new MeterFilter() {
      @Override
      public Meter.Id map(Meter.Id id) {
        @Nullable String path = id.getName().startsWith("http.server.") ? id.getTag(TAG) : null;
        return path == null || isServed(path) ? id : id.replaceTags(withOther(id));
      }
    };
  }

  private static Iterable<Tag> withOther(Meter.Id id) {
    return id.getTags().stream()
        .map(tag -> tag.getKey().equals(TAG) ? Tag.of(TAG, OTHER) : tag)
        .toList();
  }

  /// Also a word of the framework's for what is none, as `NOT_FOUND`.
  private static boolean isServed(String path) {
    return SERVED.contains(path) || !path.startsWith("/");
  }
}
