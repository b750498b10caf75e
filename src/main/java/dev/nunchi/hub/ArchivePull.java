package dev.nunchi.hub;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.model.DurableFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.OptionalLong;

/// Brings an archive with a model from an address, such as that of an object store, and unpacks it.
/// The digest in the address decides; who serves it need not be trusted.
final class ArchivePull {
  private final ModelReference.Archive reference;
  private final Http http;
  private final Patience patience;
  private final DigestStore store;
  private final Transfer transfer;
  private final PullListener listener;

  ArchivePull(
      ModelReference.Archive reference,
      Http http,
      Patience patience,
      DigestStore store,
      Transfer transfer,
      PullListener listener) {
    this.reference = reference;
    this.http = http;
    this.patience = patience;
    this.store = store;
    this.transfer = transfer;
    this.listener = listener;
  }

  Path run() {
    String sha256 = reference.sha256();
    store.makeFolders();
    try (CacheLock _ =
        CacheLock.acquire(
            store.lock(sha256),
            () -> listener.noted("another process fetches this archive; waiting for it"))) {
      Path directory = store.directory(sha256);
      if (store.isWhole(sha256)) {
        store.tidy(sha256);
        return directory;
      }
      if (Files.isDirectory(directory)) {
        listener.noted(reference.uri() + " is here, but damaged; fetching it anew");
      }
      RemoteFile file =
          new RemoteFile(reference.uri().toString(), size(), ContentDigest.sha256(sha256));
      listener.planned(reference.uri().toString(), file.size());
      Path fetched = store.fetched(sha256);
      if (Files.exists(fetched) && FileCheck.damage(fetched, file.digest()).isEmpty()) {
        listener.found(file.size());
      } else {
        transfer.fetch(
            file, reference.uri(), null, this::refusal, store.incomplete(sha256), fetched);
      }
      store.put(
          sha256,
          reference,
          made -> unpack(file.name(), fetched, made),
          () -> store.forget(sha256));
      listener.ended();
      return directory;
    }
  }

  static void unpack(String name, Path archive, Path directory) {
    try {
      new Unpacking(name, archive).into(directory);
    } catch (IOException e) {
      throw DurableFiles.notWritten(directory, e);
    }
  }

  /// Asked for with `HEAD`; an address that is signed for `GET` alone, with its first byte.
  private long size() {
    Http.Head head = ask("HEAD", Map.of());
    OptionalLong size = head.length();
    if (!head.isSuccess() || size.isEmpty()) {
      head = ask("GET", Map.of("Range", "bytes=0-0"));
      if (!head.isSuccess()) {
        throw refusal(head);
      }
      String range = String.valueOf(head.header("Content-Range"));
      size =
          range.matches("bytes 0-0/\\d{1,18}")
              ? OptionalLong.of(Long.parseLong(range.substring(range.indexOf('/') + 1)))
              : OptionalLong.empty();
    }
    return size.orElseThrow(() ->
        new NunchiException(Reason.UNAVAILABLE, reference.uri() + " does not say how long it is"));
  }

  private Http.Head ask(String method, Map<String, String> headers) {
    return patience.bear(
        reference.uri().toString(),
        () -> 0,
        listener::noted,
        () -> {
          Http.Head head = http.send(method, reference.uri(), headers, null, Http.Body.NONE);
          head.requireCalm();
          return head;
        });
  }

  private NunchiException refusal(Http.Head head) {
    return new NunchiException(
        head.status() == 404 ? Reason.MODEL_NOT_FOUND : Reason.UNAVAILABLE,
        "%s: the server answered %d%s"
            .formatted(
                reference.uri(),
                head.status(),
                head.status() == 401 || head.status() == 403
                    ? "; an address that is signed may have run out"
                    : ""));
  }
}
