package dev.nunchi.hub;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.model.PublishedFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/// Brings a model of a hub into the cache: the list of its files, then those that say what it is,
/// then its weights.
///
/// What the cache has is held against its digest and not fetched again. The branch's ref changes
/// when the last file is there.
final class HubPull {
  private final HubName name;
  private final HubApi api;
  private final HubRepository repository;
  private final Transfer transfer;
  private final PullListener listener;
  private final int workers;

  /// @param workers files at a time
  HubPull(
      HubName name,
      HubApi api,
      HubRepository repository,
      Transfer transfer,
      PullListener listener,
      int workers) {
    this.name = name;
    this.api = api;
    this.repository = repository;
    this.transfer = transfer;
    this.listener = listener;
    this.workers = workers;
  }

  /// @return the model's directory
  /// @throws NunchiException where it cannot be had whole, naming the file
  Path run() {
    HubApi.Listing listing = api.list(name, listener::noted);
    String commit = listing.commit();
    requireModel(listing);
    List<RemoteFile> small = described(listing, PublishedFiles.small(listing.files().keySet()));
    String what =
        "%s%s, %s"
            .formatted(
                name.id(),
                name.isPinned()
                    ? " at " + commit
                    : " (%s is %s)".formatted(name.revision(), commit),
                listing
                    .license()
                    .map("licence %s"::formatted)
                    .orElse("whose card names no licence"));
    repository.makeFolders(commit);
    List<RemoteFile> foreseen = new ArrayList<>(small);
    listing.files().keySet().stream()
        .filter(file -> file.equals("model.safetensors") || file.equals("pytorch_model.bin"))
        .limit(1)
        .forEach(
            file -> listing.files().getOrDefault(file, Optional.empty()).ifPresent(foreseen::add));
    listener.planned(what, bytes(foreseen));
    fetch(commit, small);
    Path snapshot = repository.snapshot(commit);
    List<String> weightNames = PublishedFiles.weights(listing.files().keySet(), snapshot);
    for (String each : weightNames) {
      if (!listing.files().containsKey(each)) {
        throw new NunchiException(
            Reason.INVALID_MODEL,
            "The index of %s names %s, which the hub does not have".formatted(name, each));
      }
    }
    List<RemoteFile> weights = described(listing, weightNames);
    listener.planned(what, bytes(small) + bytes(weights));
    requireSpace(weights);
    fetch(commit, weights);
    repository.writeRef(name.revision(), commit);
    listener.ended();
    return snapshot;
  }

  private void requireModel(HubApi.Listing listing) {
    Set<String> names = listing.files().keySet();
    if (names.contains("config.json") || PublishedFiles.areAdapter(names)) {
      return;
    }
    throw new NunchiException(
        Reason.UNSUPPORTED_MODEL,
        "%s has no config.json, so it is no model of transformers, nor is it an adapter of PEFT"
            .formatted(name));
  }

  private List<RemoteFile> described(HubApi.Listing listing, List<String> names) {
    List<RemoteFile> files = new ArrayList<>();
    for (String each : names) {
      files.add(
          listing
              .files()
              .getOrDefault(each, Optional.empty())
              .orElseGet(() -> api.describe(name, listing.commit(), each, listener::noted)));
    }
    return files;
  }

  private void requireSpace(List<RemoteFile> files) {
    long missing = 0;
    for (RemoteFile file : files) {
      if (!Files.exists(repository.blob(file.digest()))) {
        missing += file.size() - size(repository.incomplete(file.digest()));
      }
    }
    try {
      long free = Files.getFileStore(repository.folder()).getUsableSpace();
      if (missing > free) {
        throw new NunchiException(
            Reason.IO_FAILURE,
            String.format(
                Locale.ROOT,
                "%s needs %,d bytes more, but the disk of %s has %,d; make room, or set"
                    + " HF_HUB_CACHE to a folder on another one",
                name,
                missing,
                repository.folder(),
                free));
      }
    } catch (IOException _) {
      // A disk that does not say is tried.
    }
  }

  private static long size(Path file) {
    try {
      return Files.size(file);
    } catch (IOException _) {
      return 0;
    }
  }

  private static long bytes(List<RemoteFile> files) {
    return files.stream().mapToLong(RemoteFile::size).sum();
  }

  private void fetch(String commit, List<RemoteFile> files) {
    Parallel.run(files.stream().<Runnable>map(file -> () -> fetch(commit, file)).toList(), workers);
  }

  private void fetch(String commit, RemoteFile file) {
    try (CacheLock _ =
        CacheLock.acquire(
            repository.lock(file.digest()),
            () ->
                listener.noted(
                    file.name() + " is being fetched by another process; waiting for it"))) {
      if (isHere(commit, file)) {
        listener.found(file.size());
      } else {
        transfer.fetch(
            file,
            api.source(name, commit, file.name()),
            api.credential(),
            head -> api.refusal(name, head),
            repository.incomplete(file.digest()),
            repository.blob(file.digest()));
      }
      if (Files.exists(repository.blob(file.digest()))) {
        repository.link(commit, file.name(), file.digest());
      }
    }
  }

  /// Whether the blob is whole, or where there are no links the file itself.
  private boolean isHere(String commit, RemoteFile file) {
    Path blob = repository.blob(file.digest());
    Path linked = repository.snapshot(commit).resolve(file.name());
    if (!Files.exists(blob) && !Files.isRegularFile(linked)) {
      return false;
    }
    if (FileCheck.damage(Files.exists(blob) ? blob : linked, file.digest()).isEmpty()) {
      return true;
    }
    listener.noted(file.name() + " in the cache is damaged; fetching it anew");
    return false;
  }
}
