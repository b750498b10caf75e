package dev.nunchi.hub;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nunchi.hub.FakeServer.Answer;
import dev.nunchi.hub.FakeServer.Request;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiFunction;
import java.util.stream.Stream;

/// A hub as Hugging Face's, with one model, on two ports of the loopback: the hub and, for what is
/// in LFS, the store that it redirects to.
public final class FakeHub implements AutoCloseable {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  /// What is done about a request that would be answered so.
  @FunctionalInterface
  interface Mood extends BiFunction<Request, Answer, Answer> {
    Mood GOOD = (request, answer) -> answer;
  }

  private final String id;
  private final String license;
  private final Map<String, byte[]> files;
  private final Map<String, AtomicLong> served = new ConcurrentHashMap<>();
  private final FakeServer hub;
  private final FakeServer store;
  private volatile Mood mood = Mood.GOOD;
  private volatile boolean describes = true;

  FakeHub(String id, String license, Map<String, byte[]> files) throws IOException {
    this.id = id;
    this.license = license;
    this.files = new TreeMap<>(files);
    this.store = new FakeServer(request -> mood.apply(request, store(request)));
    this.hub = new FakeServer(request -> mood.apply(request, hub(request)));
  }

  /// With the files of a directory.
  public static FakeHub of(String id, Path directory) throws IOException {
    Map<String, byte[]> files = new TreeMap<>();
    try (Stream<Path> all = Files.list(directory)) {
      for (Path file : all.toList()) {
        files.put(file.getFileName().toString(), Files.readAllBytes(file));
      }
    }
    files.put("README.md", "---\nlicense: cc-by-sa-4.0\n---\n# A model\n".getBytes());
    files.put("modeling_custom.py", "raise SystemExit".getBytes());
    return new FakeHub(id, "cc-by-sa-4.0", files);
  }

  public URI uri() {
    return hub.uri();
  }

  void be(Mood other) {
    mood = other;
  }

  /// Whether the list of files says their sizes and digests.
  void describe(boolean whether) {
    describes = whether;
  }

  /// Changes a file, and with it the commit.
  void put(String name, byte[] content) {
    files.put(name, content);
  }

  String commit() {
    StringBuilder all = new StringBuilder();
    files.forEach((name, content) -> all.append(name).append(gitSha1(content)));
    return gitSha1(all.toString().getBytes()).hex();
  }

  /// Requests to the hub, then those to the store.
  List<Request> requests() {
    List<Request> all = new ArrayList<>(hub.requests());
    all.addAll(store.requests());
    return all;
  }

  List<Request> storeRequests() {
    return store.requests();
  }

  /// Bytes of a file's content that went out so far.
  long served(String name) {
    AtomicLong count = served.get(name);
    return count == null ? 0 : count.get();
  }

  static boolean isLarge(String name) {
    return name.matches(".*\\.(safetensors|bin|onnx)");
  }

  static ContentDigest digest(String name, byte[] content) {
    return isLarge(name) ? sha256(content) : gitSha1(content);
  }

  static ContentDigest sha256(byte[] content) {
    return digest(new ContentDigest("0".repeat(64)), content);
  }

  private static ContentDigest gitSha1(byte[] content) {
    return digest(new ContentDigest("0".repeat(40)), content);
  }

  private static ContentDigest digest(ContentDigest kind, byte[] content) {
    MessageDigest digest = kind.begin(content.length);
    digest.update(content);
    return ContentDigest.of(digest);
  }

  private Answer hub(Request request) {
    String path = request.path();
    if (path.startsWith("/api/models/" + id + "/tree/")) {
      return tree();
    }
    if (path.startsWith("/api/models/" + id + "/revision/")) {
      String revision = path.substring(path.lastIndexOf('/') + 1).replaceFirst("\\?.*", "");
      return revision.equals("main") || commit().startsWith(revision)
          ? list()
          : Answer.of(404, Map.of("X-Error-Code", "RevisionNotFound"));
    }
    String prefix = "/" + id + "/resolve/";
    if (!path.startsWith(prefix)) {
      return Answer.of(401, Map.of("X-Error-Code", "RepoNotFound"));
    }
    String name = path.substring(path.indexOf('/', prefix.length()) + 1);
    byte[] content = files.get(name);
    if (content == null) {
      return Answer.of(404, Map.of("X-Error-Code", "EntryNotFound", "X-Repo-Commit", commit()));
    }
    String digest = "\"" + digest(name, content).hex() + "\"";
    if (isLarge(name)) {
      return Answer.of(
          302,
          Map.of(
              "Location",
              store.uri() + "/" + name,
              "X-Linked-Etag",
              digest,
              "X-Linked-Size",
              Integer.toString(content.length),
              "X-Repo-Commit",
              commit()));
    }
    return content(request, name, content).with("ETag", digest).with("X-Repo-Commit", commit());
  }

  private Answer store(Request request) {
    String name = request.path().substring(1);
    byte[] content = files.get(name);
    return content == null
        ? Answer.of(404, Map.of())
        : content(request, name, content).with("ETag", "\"0123-part\"");
  }

  private Answer content(Request request, String name, byte[] content) {
    int from = (int) request.from().orElse(0);
    byte[] body = Arrays.copyOfRange(content, Math.min(from, content.length), content.length);
    Answer answer =
        request.from().isEmpty()
            ? Answer.of(200, Map.of("Accept-Ranges", "bytes"), body)
            : Answer.of(
                206,
                Map.of(
                    "Content-Range",
                    "bytes %d-%d/%d".formatted(from, content.length - 1, content.length)),
                body);
    AtomicLong count = served.computeIfAbsent(name, _ -> new AtomicLong());
    return answer.counted(count::addAndGet);
  }

  private Answer list() {
    ObjectNode json = MAPPER.createObjectNode();
    json.put("id", id).put("modelId", id).put("sha", commit()).put("private", false);
    json.putArray("tags").add("license:" + license);
    json.putObject("cardData").put("license", license);
    ArrayNode siblings = json.putArray("siblings");
    files.forEach((name, content) -> {
      ObjectNode file = siblings.addObject().put("rfilename", name);
      if (describes) {
        file.put("size", content.length).put("blobId", gitSha1(content).hex());
        if (isLarge(name)) {
          file.putObject("lfs")
              .put("sha256", sha256(content).hex())
              .put("size", content.length)
              .put("pointerSize", 134);
        }
      }
    });
    return Answer.json(json.toString());
  }

  private Answer tree() {
    ArrayNode entries = MAPPER.createArrayNode();
    files.forEach((name, content) -> {
      ObjectNode file =
          entries
              .addObject()
              .put("type", "file")
              .put("path", name)
              .put("size", content.length)
              .put("oid", gitSha1(content).hex());
      if (isLarge(name)) {
        file.putObject("lfs")
            .put("oid", sha256(content).hex())
            .put("size", content.length)
            .put("pointerSize", 134);
      }
    });
    return Answer.json(entries.toString());
  }

  @Override
  public void close() throws IOException {
    hub.close();
    store.close();
  }

  /// Serves a directory until the process is ended, for other programs to be tried against.
  public static void main(String[] arguments) throws Exception {
    try (FakeHub hub = of(arguments[0], Path.of(arguments[1]))) {
      System.out.println(hub.uri());
      Thread.sleep(Long.MAX_VALUE);
    }
  }
}
