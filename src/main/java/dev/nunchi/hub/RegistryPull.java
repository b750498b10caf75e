package dev.nunchi.hub;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.model.DurableFiles;
import dev.nunchi.model.PublishedFiles;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Brings a model from an OCI registry (distribution specification 1.1): its manifest, then its
/// layers, each a file with its name in `org.opencontainers.image.title`, or a tar archive.
final class RegistryPull {
  private static final String ACCEPTED =
      "application/vnd.oci.image.manifest.v1+json,"
          + " application/vnd.docker.distribution.manifest.v2+json";
  private static final String TITLE = "org.opencontainers.image.title";
  private static final int MOST_LAYERS = 1000;

  private final ModelReference.Registry reference;
  private final Http http;
  private final Patience patience;
  private final RegistryAccess access;
  private final DigestStore store;
  private final Transfer transfer;
  private final PullListener listener;
  private final int workers;

  /// One layer of a manifest.
  ///
  /// @param title the file's name, empty where the layer is an archive
  private record Layer(RemoteFile file, String title) {}

  RegistryPull(
      ModelReference.Registry reference,
      Http http,
      HubSettings settings,
      DigestStore store,
      Transfer transfer,
      PullListener listener,
      int workers) {
    this.reference = reference;
    this.http = http;
    this.patience = settings.patience();
    this.access = new RegistryAccess(http, reference, settings.dockerConfig());
    this.store = store;
    this.transfer = transfer;
    this.listener = listener;
    this.workers = workers;
  }

  Path run() {
    Reply reply = new Reply();
    manifest(reply);
    ContentDigest digest = digest(reply.bytes());
    String sha256 = digest.hex();
    if (reference.isPinned() && !reference.reference().equals("sha256:" + sha256)) {
      throw invalid(
          "the manifest %s was asked for, but sha256:%s came"
              .formatted(reference.reference(), sha256));
    }
    store.makeFolders();
    try (CacheLock _ =
        CacheLock.acquire(
            store.lock(sha256),
            () -> listener.noted("another process fetches this model; waiting for it"))) {
      Path directory = store.directory(sha256);
      List<Layer> layers = layers(reply);
      if (store.isWhole(sha256)) {
        store.tidy(sha256);
        layers.forEach(this::forget);
      } else {
        if (Files.isDirectory(directory)) {
          listener.noted(reference + " is here, but damaged; fetching it anew");
        }
        listener.planned(
            "%s is sha256:%s".formatted(reference, sha256),
            layers.stream().mapToLong(layer -> layer.file().size()).sum());
        Parallel.run(layers.stream().<Runnable>map(layer -> () -> fetch(layer)).toList(), workers);
        store.put(
            sha256,
            reference,
            made -> layers.forEach(layer -> place(layer, made)),
            () -> layers.forEach(this::forget));
      }
      store.writeRef(reference, sha256);
      listener.ended();
      return directory;
    }
  }

  private void manifest(Reply reply) {
    URI uri = access.address("/manifests/" + reference.reference());
    patience.bear(
        reference.toString(),
        () -> 0,
        listener::noted,
        () -> {
          reply.clear();
          @Nullable Credential asked = access.credential();
          Http.Head head = send(uri, reply);
          if (head.status() == 401 && access.answers(head, asked)) {
            head = send(uri, reply);
          }
          head.requireCalm();
          if (!head.isSuccess()) {
            throw access.refusal(head);
          }
          return head;
        });
  }

  private Http.Head send(URI uri, Reply reply) throws IOException {
    return http.send("GET", uri, Map.of("Accept", ACCEPTED), access.credential(), reply);
  }

  private static ContentDigest digest(byte[] bytes) {
    MessageDigest digest = new ContentDigest("0".repeat(64)).begin(bytes.length);
    digest.update(bytes);
    return ContentDigest.of(digest);
  }

  private List<Layer> layers(Reply reply) {
    JsonNode manifest;
    try {
      manifest = reply.json();
    } catch (JsonProcessingException e) {
      throw invalid("its manifest is no JSON", e);
    }
    if (manifest.has("manifests")) {
      throw invalid("it is an index of several; name one by its digest");
    }
    List<Layer> layers = new ArrayList<>();
    for (JsonNode layer : manifest.path("layers")) {
      String digest = layer.path("digest").asText();
      String title = layer.path("annotations").path(TITLE).asText("");
      if (!digest.matches("sha256:[0-9a-f]{64}") || !layer.path("size").canConvertToLong()) {
        throw invalid("a layer has no size, or no digest of sha256, but '%s'".formatted(digest));
      }
      boolean isArchive =
          title.isEmpty()
              ? layer.path("mediaType").asText().matches(".*[.+]tar([.+]gzip)?$")
              : title.matches(".*\\.(tar|tar\\.gz|tgz)");
      if (isArchive || PublishedFiles.isRead(title)) {
        layers.add(
            new Layer(
                new RemoteFile(
                    title.isEmpty() ? digest : title,
                    layer.path("size").longValue(),
                    ContentDigest.sha256(digest.substring("sha256:".length()))),
                isArchive ? "" : title));
      }
    }
    if (layers.isEmpty() || layers.size() > MOST_LAYERS) {
      throw invalid("it has no layer that is a file of a model or a tar archive");
    }
    return layers;
  }

  private void fetch(Layer layer) {
    ContentDigest digest = layer.file().digest();
    try (CacheLock _ = lock(layer)) {
      Path fetched = store.fetched(digest.hex());
      if (Files.exists(fetched) && FileCheck.damage(fetched, digest).isEmpty()) {
        listener.found(layer.file().size());
        return;
      }
      transfer(layer, fetched);
    }
  }

  private CacheLock lock(Layer layer) {
    return CacheLock.acquire(
        store.lock(layer.file().digest().hex()),
        () -> listener.noted(layer.file().name() + " is being fetched by another process"));
  }

  private void transfer(Layer layer, Path fetched) {
    String hex = layer.file().digest().hex();
    transfer.fetch(
        layer.file(),
        access.address("/blobs/sha256:" + hex),
        access,
        store.incomplete(hex),
        fetched);
  }

  /// Another process that pulls a model with the same layer deletes the layer when it is done; who
  /// has the lock when it is missing fetches it again.
  private void place(Layer layer, Path directory) {
    Path fetched = store.fetched(layer.file().digest().hex());
    try (CacheLock _ = lock(layer)) {
      if (!Files.exists(fetched)) {
        listener.lost(layer.file().size());
        transfer(layer, fetched);
      }
      if (layer.title().isEmpty()) {
        ArchivePull.unpack(layer.file().name(), fetched, directory);
      } else {
        copy(fetched, directory.resolve(layer.title()));
      }
    }
  }

  private static void copy(Path fetched, Path file) {
    try {
      Files.copy(fetched, file);
      DurableFiles.sync(file);
    } catch (IOException e) {
      throw DurableFiles.notWritten(file, e);
    }
  }

  /// Who has the lock of a layer now is about to use it, and deletes it afterwards.
  private void forget(Layer layer) {
    String hex = layer.file().digest().hex();
    CacheLock.tryAcquire(store.lock(hex))
        .ifPresent(lock -> {
          try (lock) {
            store.forget(hex);
          }
        });
  }

  private NunchiException invalid(String what) {
    return invalid(what, null);
  }

  private NunchiException invalid(String what, @Nullable Throwable cause) {
    return new NunchiException(Reason.INVALID_MODEL, reference + ": " + what, cause);
  }
}
