package dev.nunchi.serve;

import dev.nunchi.Sha256;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.io.ByteArrayOutputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;

/// The page at `/` on which a person types and sees what the models answer, where
/// `nunchi.playground` is on.
///
/// Its files are the same for everybody and need no token; what the page asks is asked over REST,
/// and needs what any other call needs.
@Singleton
final class Playground {
  /// Scripts, styles and answers from this server alone, nothing inline, in no frame; a script
  /// cannot write markup either.
  private static final String POLICY =
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
          + " img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
          + " require-trusted-types-for 'script'";

  private static final String FOLDER = "/playground/";
  private static final String SCRIPT = "text/javascript; charset=utf-8";

  /// Media types by path.
  static final Map<String, String> TYPES =
      Map.of(
          "/",
          "text/html; charset=utf-8",
          FOLDER + "playground.css",
          "text/css; charset=utf-8",
          FOLDER + "playground.js",
          SCRIPT,
          FOLDER + "newest.js",
          SCRIPT,
          FOLDER + "server.js",
          SCRIPT,
          FOLDER + "table.js",
          SCRIPT,
          FOLDER + "words.js",
          SCRIPT);

  private final boolean on;
  private final Map<String, StaticFile> files = new ConcurrentHashMap<>();

  Playground(ServeConfig config) {
    this.on = config.playground();
  }

  /// Whether that path is one of its files.
  boolean serves(String path) {
    return on && TYPES.containsKey(path);
  }

  void register(@Observes Router router) {
    if (on) {
      // Before the routes of Quarkus, and after all filters.
      TYPES.keySet().forEach(path -> router.route(path).order(0).handler(this::answer));
    }
  }

  @SuppressWarnings("FutureReturnValueIgnored") // Nothing is left to do when the caller went.
  private void answer(RoutingContext context) {
    HttpServerRequest request = context.request();
    @Nullable String type = TYPES.get(String.valueOf(request.path()));
    if (type == null) {
      // The route takes a slash at the end, too.
      context.next();
      return;
    }
    // Read when they are first asked for: the server starts no later for them.
    StaticFile file = files.computeIfAbsent(request.path(), StaticFile::read);
    boolean gzip = takesGzip(request.getHeader("accept-encoding"));
    String tag = "\"%s%s\"".formatted(file.digest(), gzip ? "-gzip" : "");
    HttpServerResponse response =
        context
            .response()
            .putHeader("etag", tag)
            .putHeader("cache-control", "no-cache")
            .putHeader("vary", "accept-encoding")
            .putHeader("content-security-policy", POLICY)
            .putHeader("x-content-type-options", "nosniff")
            .putHeader("referrer-policy", "no-referrer")
            .putHeader("cross-origin-opener-policy", "same-origin")
            .putHeader("cross-origin-resource-policy", "same-origin");
    if (isKnown(request.getHeader("if-none-match"), tag)) {
      response.setStatusCode(304).end();
      return;
    }
    Buffer bytes = gzip ? file.compressed() : file.bytes();
    response.putHeader("content-type", type);
    if (gzip) {
      response.putHeader("content-encoding", "gzip");
    }
    if (request.method().name().equals("HEAD")) {
      response.putHeader("content-length", Integer.toString(bytes.length())).end();
    } else {
      response.end(bytes);
    }
  }

  private static boolean takesGzip(@Nullable String encodings) {
    return encodings != null
        && Arrays.stream(encodings.toLowerCase(Locale.ROOT).split(",", -1))
            .map(encoding -> encoding.replace(" ", ""))
            .anyMatch(encoding ->
                encoding.equals("gzip")
                    || (encoding.startsWith("gzip;q=") && !encoding.matches("gzip;q=0(\\.0*)?")));
  }

  private static boolean isKnown(@Nullable String tags, String tag) {
    return tags != null
        && Arrays.stream(tags.split(",", -1))
            .map(known -> known.strip().replaceFirst("^W/", ""))
            .anyMatch(known -> known.equals(tag) || known.equals("*"));
  }

  /// A file as it is sent, from one place in memory to everybody.
  private record StaticFile(Buffer bytes, Buffer compressed, String digest) {
    static StaticFile read(String path) {
      String name = path.equals("/") ? "index.html" : path.substring(FOLDER.length());
      try (InputStream resource = Playground.class.getResourceAsStream("playground/" + name)) {
        if (resource == null) {
          throw new FileNotFoundException(name + " of the playground is not in the program");
        }
        byte[] bytes = resource.readAllBytes();
        ByteArrayOutputStream compressed = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(compressed)) {
          gzip.write(bytes);
        }
        byte[] digest = Sha256.begin().digest(bytes);
        return new StaticFile(
            Buffer.buffer(bytes),
            Buffer.buffer(compressed.toByteArray()),
            HexFormat.of().formatHex(digest, 0, 12));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
