package dev.nunchi.hub;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.model.PublishedFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The models that have a name: found where they are kept, or pulled to there.
///
/// Models of a hub lie in the cache of `huggingface_hub`, so that what either program fetched
/// serves both; others in a store of our own. Whatever is found is used without asking the network;
/// [#pull] asks. Safe for several threads and processes.
public final class ModelStore {
  private final HubSettings settings;
  private final DigestStore store;

  public ModelStore(HubSettings settings) {
    this.settings = settings;
    this.store = new DigestStore(settings.store());
  }

  /// The directory of a model that is here whole.
  public Optional<Path> find(ModelReference reference) {
    return switch (reference) {
      case ModelReference.Hub(HubName name) -> {
        HubRepository repository = repository(name.id());
        yield repository
            .commit(name.revision())
            .map(repository::snapshot)
            .filter(PublishedFiles::areWhole);
      }
      case ModelReference.Registry _, ModelReference.Archive _ -> store.find(reference);
    };
  }

  /// Whether a directory is that of a model that was pulled, or lies in one.
  public boolean holds(Path directory) {
    return isIn(settings.cache(), "models--", directory)
        || isIn(settings.store(), "sha256-", directory);
  }

  /// Others may keep models of their own beside those that were pulled.
  private static boolean isIn(Path root, String prefix, Path directory) {
    Path outer = real(root);
    Path inner = real(directory);
    return inner.startsWith(outer)
        && outer.relativize(inner).getName(0).toString().startsWith(prefix);
  }

  private static Path real(Path path) {
    try {
      return path.toRealPath();
    } catch (IOException _) {
      return path.toAbsolutePath().normalize();
    }
  }

  /// Brings a model here, or what is new of it.
  ///
  /// @param workers files that are fetched at a time
  /// @return its directory
  /// @throws NunchiException where nothing may be fetched, or it cannot be had whole; what came
  ///   stays, and the next pull goes on from it
  public Path pull(ModelReference reference, int workers, PullListener listener) {
    if (settings.offline()) {
      throw new NunchiException(
          Reason.UNAVAILABLE,
          "%s is not fetched, as --offline or HF_HUB_OFFLINE says; what is here is listed by 'nunchi models list'"
              .formatted(reference));
    }
    try (Http http = new Http(settings.silence(), settings.proxies())) {
      Transfer transfer = new Transfer(http, settings.patience(), listener);
      return switch (reference) {
        case ModelReference.Hub(HubName name) ->
            new HubPull(
                    name,
                    new HubApi(http, settings),
                    repository(name.id()),
                    transfer,
                    listener,
                    workers)
                .run();
        case ModelReference.Registry registry ->
            new RegistryPull(registry, http, settings, store, transfer, listener, workers).run();
        case ModelReference.Archive archive ->
            new ArchivePull(archive, http, settings.patience(), store, transfer, listener).run();
      };
    }
  }

  /// Every model that is here, in the order of the names.
  public List<StoredModel> list() {
    List<StoredModel> models = new ArrayList<>();
    for (Path folder : HubRepository.entries(settings.cache())) {
      String name = folder.getFileName().toString();
      if (name.startsWith("models--")) {
        HubName.parse(name.substring("models--".length()).replace("--", "/"))
            .map(hub -> repository(hub.id()))
            .ifPresent(repository ->
                repository.commits().forEach(commit -> models.add(stored(repository, commit))));
      }
    }
    store.digests().forEach(digest -> models.add(store.stored(digest)));
    return models;
  }

  /// The revisions of a model that are here: the one that is named, or all where the name says
  /// none.
  ///
  /// @param text what the user calls it
  /// @throws NunchiException `MODEL_NOT_FOUND` where there is none
  public List<StoredModel> revisions(ModelReference reference, String text) {
    List<StoredModel> found =
        switch (reference) {
          case ModelReference.Hub(HubName name) -> {
            HubRepository repository = repository(name.id());
            List<String> commits =
                text.contains("@")
                    ? repository.commit(name.revision()).stream()
                        .filter(repository.commits()::contains)
                        .toList()
                    : repository.commits();
            yield commits.stream().map(commit -> stored(repository, commit)).toList();
          }
          case ModelReference.Registry _, ModelReference.Archive _ ->
              store.find(reference).stream()
                  .map(directory ->
                      store.stored(
                          directory.getFileName().toString().substring("sha256-".length())))
                  .toList();
        };
    if (found.isEmpty()) {
      throw new NunchiException(
          Reason.MODEL_NOT_FOUND,
          "%s is not here; 'nunchi models list' shows what is, 'nunchi models pull %s' fetches it"
              .formatted(text, text));
    }
    return found;
  }

  /// Deletes a revision; files that other revisions have too stay.
  ///
  /// @return bytes that were freed
  public long remove(StoredModel model) {
    return model.revision().matches(HubName.COMMIT)
        ? repository(model.name()).remove(Optional.of(model.revision()))
        : store.remove(model.revision().substring("sha256:".length()));
  }

  /// What is wrong with a model, one sentence for each file; empty where it is whole.
  public List<String> damage(StoredModel model) {
    return ModelCheck.damage(model);
  }

  private HubRepository repository(String id) {
    return new HubRepository(settings.cache(), id);
  }

  private static StoredModel stored(HubRepository repository, String commit) {
    Path directory = repository.snapshot(commit);
    return new StoredModel(
        repository.id(),
        commit,
        repository.refs(commit),
        directory,
        repository.files(commit).stream()
            .map(file ->
                StoredModel.File.of(directory, directory.relativize(file).toString(), digest(file)))
            .toList(),
        StoredModel.license(directory));
  }

  /// What the name of the blob says that a link of a snapshot leads to.
  private static String digest(Path file) {
    try {
      if (!Files.isSymbolicLink(file)) {
        return "";
      }
      String name = Files.readSymbolicLink(file).getFileName().toString();
      return ContentDigest.isDigest(name)
          ? (name.length() == 64 ? "sha256:" : "git-sha1:") + name
          : "";
    } catch (IOException e) {
      throw new NunchiException(Reason.IO_FAILURE, file + " cannot be read", e);
    }
  }
}
