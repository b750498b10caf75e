package dev.nunchi.hub;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.net.URI;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// What a Hugging Face style hub says of a model: the commit of a revision, its files with sizes
/// and digests, its licence.
final class HubApi {
  private final Http http;
  private final HubSettings settings;
  private final @Nullable Credential credential;

  HubApi(Http http, HubSettings settings) {
    this.http = http;
    this.settings = settings;
    this.credential =
        settings.token() == null ? null : Credential.bearer(settings.endpoint(), settings.token());
  }

  /// A model at a commit.
  ///
  /// @param files by name, described as far as the hub did
  /// @param license as its card names it
  record Listing(
      String commit, Map<String, Optional<RemoteFile>> files, Optional<String> license) {}

  @Nullable Credential credential() {
    return credential;
  }

  URI source(HubName name, String commit, String file) {
    return address("/%s/resolve/%s/%s".formatted(name.id(), commit, file));
  }

  /// @throws NunchiException where the hub does not know the model or the revision, or does not
  ///   show it, with what helps
  Listing list(HubName name, Consumer<String> notes) {
    URI uri =
        address(
            "/api/models/%s/revision/%s?blobs=true"
                .formatted(name.id(), name.revision().replace("/", "%2F")));
    Reply reply = new Reply();
    settings
        .patience()
        .bear(
            settings.endpoint().toString(),
            () -> 0,
            notes,
            () -> {
              reply.clear();
              Http.Head head = http.send("GET", uri, Map.of(), credential, reply);
              head.requireCalm();
              if (!head.isSuccess()) {
                throw refusal(name, head);
              }
              return head;
            });
    try {
      return listing(name, reply.json());
    } catch (JsonProcessingException e) {
      throw noHub("no JSON came of " + uri.getPath(), e);
    }
  }

  private Listing listing(HubName name, JsonNode json) {
    String commit = json.path("sha").asText();
    if (!commit.matches(HubName.COMMIT)) {
      throw noHub("its list of %s has no commit (sha)".formatted(name), null);
    }
    if (name.isPinned() && !commit.equals(name.revision())) {
      throw noHub("of %s it lists %s".formatted(name, commit), null);
    }
    Map<String, Optional<RemoteFile>> files = new LinkedHashMap<>();
    for (JsonNode file : json.path("siblings")) {
      String path = file.path("rfilename").asText();
      JsonNode lfs = file.path("lfs");
      String digest =
          lfs.has("sha256") ? lfs.path("sha256").asText() : file.path("blobId").asText();
      JsonNode size = lfs.has("size") ? lfs.path("size") : file.path("size");
      files.put(
          path,
          ContentDigest.isDigest(digest) && size.isIntegralNumber() && size.longValue() >= 0
              ? Optional.of(new RemoteFile(path, size.longValue(), new ContentDigest(digest)))
              : Optional.empty());
    }
    return new Listing(commit, files, license(json));
  }

  private static Optional<String> license(JsonNode json) {
    JsonNode card = json.path("cardData");
    List<String> names = new ArrayList<>();
    JsonNode license = card.path("license");
    if (license.isArray()) {
      license.forEach(each -> names.add(each.asText()));
    } else if (license.isTextual()) {
      names.add(card.path("license_name").asText(license.asText()));
    }
    for (JsonNode tag : json.path("tags")) {
      if (names.isEmpty() && tag.asText().startsWith("license:")) {
        names.add(tag.asText().substring("license:".length()));
      }
    }
    return names.isEmpty()
        ? Optional.empty()
        : Optional.of(names.stream().collect(Collectors.joining(", ")));
  }

  /// Asks for what the list does not say of a file.
  RemoteFile describe(HubName name, String commit, String file, Consumer<String> notes) {
    URI source = source(name, commit, file);
    Http.Head head =
        settings
            .patience()
            .bear(
                file,
                () -> 0,
                notes,
                () -> {
                  Http.Head answer =
                      http.send("HEAD", source, Map.of(), credential, Http.Body.NONE);
                  answer.requireCalm();
                  if (!answer.isSuccess() && answer.header(Http.LINKED) == null) {
                    throw refusal(name, answer);
                  }
                  return answer;
                });
    OptionalLong size = head.linkedSize();
    if (size.isEmpty()) {
      size = head.length();
    }
    Optional<ContentDigest> digest = ContentDigest.announced(head);
    if (digest.isEmpty() || size.isEmpty()) {
      throw noHub(
          "of %s it says no %s".formatted(file, digest.isEmpty() ? "digest (ETag)" : "size"), null);
    }
    return new RemoteFile(file, size.getAsLong(), digest.get());
  }

  /// What an answer means that is no success, and what helps.
  NunchiException refusal(HubName name, Http.Head head) {
    @Nullable String code = head.header("X-Error-Code");
    String page = settings.endpoint() + "/" + name.id();
    int status = head.status();
    if ("GatedRepo".equals(code) || status == 403) {
      return new NunchiException(
          Reason.UNAUTHENTICATED,
          credential == null
              ? "%s is gated: accept its terms at %s, and set HF_TOKEN to a token of the account that did"
                  .formatted(name.id(), page)
              : "%s is gated, and the account of HF_TOKEN has no access: accept its terms at %s with that account, or wait until its owners let you in"
                  .formatted(name.id(), page));
    }
    if (status == 401 && credential != null && !"RepoNotFound".equals(code)) {
      return new NunchiException(
          Reason.UNAUTHENTICATED,
          "%s does not take the token of HF_TOKEN; make a new one there, or unset it for public models"
              .formatted(settings.endpoint()));
    }
    if ("RevisionNotFound".equals(code)) {
      return new NunchiException(
          Reason.MODEL_NOT_FOUND, "%s has no revision %s".formatted(page, name.revision()));
    }
    if (status == 401 || status == 404) {
      return new NunchiException(
          Reason.MODEL_NOT_FOUND,
          "%s knows no model %s, or shows it to its owners only: check the name%s"
              .formatted(
                  settings.endpoint(),
                  name.id(),
                  credential == null ? ", or set HF_TOKEN to a token of theirs" : ""));
    }
    return new NunchiException(
        Reason.UNAVAILABLE,
        "%s answered %d of %s".formatted(settings.endpoint(), status, head.uri().getPath()));
  }

  private NunchiException noHub(String why, @Nullable Throwable cause) {
    return new NunchiException(
        Reason.UNAVAILABLE,
        "%s does not answer as a hub does: %s; look at HF_ENDPOINT"
            .formatted(settings.endpoint(), why),
        cause);
  }

  private URI address(String path) {
    return URI.create(settings.endpoint() + path);
  }
}
