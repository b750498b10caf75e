package dev.nunchi.hub;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.net.URI;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What a model is called that is no directory.
public sealed interface ModelReference {
  /// A model of the hub.
  record Hub(HubName name) implements ModelReference {
    @Override
    public String toString() {
      return name.toString();
    }
  }

  /// A model in an OCI registry: `oci://registry.example/team/movies:1`, or `@sha256:…` in place of
  /// the tag.
  ///
  /// @param host with the port, where one is named
  /// @param reference a tag or a digest
  record Registry(String host, String repository, String reference) implements ModelReference {
    boolean isPinned() {
      return reference.startsWith("sha256:");
    }

    @Override
    public String toString() {
      return "oci://" + host + "/" + repository + (isPinned() ? "@" : ":") + reference;
    }
  }

  /// An archive at an address: `https://store.example/movies.tar.gz#sha256=…`.
  record Archive(URI uri, String sha256) implements ModelReference {
    @Override
    public String toString() {
      return uri + "#sha256=" + sha256;
    }
  }

  /// Whether a text can only be one, and never the path of a directory.
  static boolean isAddress(String text) {
    return text.matches("(?i)(oci|https?|hf)://.*");
  }

  /// @return empty where a text is no reference
  /// @throws NunchiException `INVALID_ARGUMENT` where an address lacks what it needs
  static Optional<ModelReference> parse(String text) {
    if (text.startsWith("oci://")) {
      return Optional.of(Parsing.registry(text));
    }
    if (text.matches("(?i)https?://.*")) {
      return Optional.of(Parsing.archive(text));
    }
    return HubName.parse(text).map(Hub::new);
  }

  /// How the addresses are read.
  final class Parsing {
    private static final Pattern REGISTRY =
        Pattern.compile(
            "oci://([A-Za-z0-9.-]+(?::\\d{1,5})?)/([a-z0-9]+(?:[._/-]+[a-z0-9]+)*)"
                + "(?::([A-Za-z0-9_][\\w.-]{0,127})|@(sha256:[0-9a-f]{64}))?");
    private static final Pattern DIGEST = Pattern.compile("sha256[=:]([0-9a-fA-F]{64})");

    private Parsing() {}

    private static Registry registry(String text) {
      Matcher parts = REGISTRY.matcher(text);
      if (!parts.matches()) {
        throw invalid(
            "'%s' should be oci://HOST/NAME:TAG or oci://HOST/NAME@sha256:DIGEST".formatted(text));
      }
      String digest = Optional.ofNullable(parts.group(4)).orElse("");
      String tag = Optional.ofNullable(parts.group(3)).orElse("latest");
      return new Registry(parts.group(1), parts.group(2), digest.isEmpty() ? tag : digest);
    }

    private static Archive archive(String text) {
      int hash = text.indexOf('#');
      Matcher digest = DIGEST.matcher(hash < 0 ? "" : text.substring(hash + 1));
      if (!digest.matches()) {
        throw invalid(
            "'%s' needs the digest of its archive behind it: …#sha256=64 hexadecimal digits, as sha256sum prints them"
                .formatted(hash < 0 ? text : text.substring(0, hash)));
      }
      try {
        URI uri = URI.create(text.substring(0, hash));
        if (uri.getHost() == null || uri.getUserInfo() != null) {
          throw invalid("'%s' names no host, or a user, which is not sent".formatted(uri));
        }
        return new Archive(uri, digest.group(1).toLowerCase(Locale.ROOT));
      } catch (IllegalArgumentException _) {
        throw invalid("'%s' is no address".formatted(text));
      }
    }

    private static NunchiException invalid(String message) {
      return new NunchiException(Reason.INVALID_ARGUMENT, message);
    }
  }
}
