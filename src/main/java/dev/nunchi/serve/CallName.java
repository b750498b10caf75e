package dev.nunchi.serve;

import dev.nunchi.sentiment.v1.SentimentServiceGrpc;
import io.grpc.MethodDescriptor;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// What a request calls, before it has reached an endpoint. What is not known is `unknown`: a path
/// is the caller's, and belongs neither in a tag nor in a log.
record CallName(Protocol protocol, String method) {
  private static final String UNKNOWN = "unknown";
  private static final String SERVICE = "/" + SentimentServiceGrpc.SERVICE_NAME + "/";
  private static final Pattern ENCODED_COLON = Pattern.compile("%3A", Pattern.CASE_INSENSITIVE);

  private static final Set<String> METHODS =
      SentimentServiceGrpc.getServiceDescriptor().getMethods().stream()
          .map(MethodDescriptor::getBareMethodName)
          .collect(Collectors.toUnmodifiableSet());

  static CallName of(HttpServerRequest request) {
    String path = path(request);
    return isGrpc(request)
        ? new CallName(Protocol.GRPC, grpcMethod(path))
        : new CallName(Protocol.REST, restMethod(path));
  }

  /// The path as endpoints are named: a colon may come percent-encoded, and a slash at the end says
  /// nothing.
  static String path(HttpServerRequest request) {
    String path = request.path() == null ? "" : request.path();
    if (path.indexOf('%') >= 0) {
      path = ENCODED_COLON.matcher(path).replaceAll(":");
    }
    return path.length() > 1 && path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
  }

  /// The content type in lower case; empty where there is none.
  static String contentType(HttpServerRequest request) {
    @Nullable String type = request.getHeader("content-type");
    return type == null ? "" : type.toLowerCase(Locale.ROOT);
  }

  boolean isKnown() {
    return !method.equals(UNKNOWN);
  }

  private static boolean isGrpc(HttpServerRequest request) {
    return request.version() == HttpVersion.HTTP_2
        && contentType(request).startsWith("application/grpc")
        && !contentType(request).startsWith("application/grpc-web");
  }

  private static String grpcMethod(String path) {
    String method = path.startsWith(SERVICE) ? path.substring(SERVICE.length()) : "";
    return METHODS.contains(method) ? method : UNKNOWN;
  }

  private static String restMethod(String path) {
    return switch (path) {
      case "/v1/classify" -> "Classify";
      case "/v1/classify:batch" -> "BatchClassify";
      case "/v1/models" -> "ListModels";
      default ->
          path.startsWith("/v1/models/")
              ? path.endsWith(":reload") ? "ReloadModel" : "GetModel"
              : grpcMethod(path);
    };
  }
}
