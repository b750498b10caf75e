package dev.nunchi.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.nunchi.PackagedApplication;
import dev.nunchi.hub.FakeHub;
import dev.nunchi.model.CopiedDirectory;
import dev.nunchi.sentiment.v1.ClassifyRequest;
import dev.nunchi.sentiment.v1.SentimentServiceGrpc;
import dev.nunchi.serve.TestAuthority;
import java.io.IOException;
import java.io.OutputStream;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Runs every command line of the documentation and of `--help` in a folder that has what they
/// name: labelled texts, a recipe, models, certificates.
///
/// Each gets a copy of that folder, without what its `--output` names. Trainings are planned
/// (`--dry-run`) and not run: that they train is shown elsewhere. Models come from a hub on the
/// loopback. The longest of the tests that run side by side, so it comes first.
@Order(1)
@Execution(ExecutionMode.CONCURRENT)
class DocumentedCommandsIT {
  private static final long PATIENCE_SECONDS = 120;
  private static final Pattern OUTPUT = Pattern.compile("--output (\\S+)");
  private static final Pattern PORT = Pattern.compile("--port \\d+");

  /// The model of the hub that the documentation names.
  private static final String NAME = "klue/roberta-base";

  @TempDir private static Path directory;
  private static @Nullable FakeHub hub;
  private static Path template = Path.of("");
  private static int copies;

  @BeforeAll
  static void makeWhatTheyName() throws Exception {
    template = Files.createDirectories(directory.resolve("template"));
    hub = FakeHub.of(NAME, Path.of("src/test/resources/dev/nunchi/nn/bert-tiny"));
    program();
    Path reviews = Files.createDirectories(template.resolve("reviews"));
    Path nsmc = Files.createDirectories(template.resolve("nsmc"));
    for (String split : List.of("train", "validation", "test")) {
      Files.writeString(reviews.resolve(split + ".tsv"), rows("label", "부정", "긍정"));
      gzip(nsmc.resolve(split + ".tsv.gz"), rows("label", "0", "1"));
    }
    Path movie3 = Files.createDirectories(template.resolve("movie3"));
    Path topics = Files.createDirectories(template.resolve("my-topics"));
    Files.writeString(
        movie3.resolve("train.tsv"),
        rows("label", "부정", "긍정") + "200\t그냥 그래요\t중립\n201\t보통이에요\t중립\n");
    Files.writeString(topics.resolve("train.tsv"), rows("label", "배송", "가격"));
    gzip(nsmc.resolve("rated.tsv.gz"), rows("rating", "1", "10"));
    Files.writeString(template.resolve("comments.txt"), "정말 좋아요\n너무 지루해요\n-_- 노잼\n");
    Files.writeString(template.resolve("tokens.txt"), "a-token-of-this-test-alone\n");
    new TestAuthority("authority").issue(template, "server");
    String readme = Files.readString(Path.of("README.md"));
    Files.writeString(
        template.resolve("my-recipe.yaml"),
        DocumentedCommands.blocks(readme, "yaml").findFirst().orElseThrow()
            + "\nmax_length: 24 # Of the tiny network that stands for koelectra-small.\n");
    Path videos = Files.createDirectories(template.resolve("videos"));
    for (String split : List.of("train", "validation")) {
      Files.writeString(videos.resolve(split + ".tsv"), rows("summary\tlabel", "요약\t부정", "요약\t긍정"));
    }
    Path gemma = template.resolve("ko-gemma-2-9b-it");
    link(Path.of("src/test/resources/dev/nunchi/nn/gemma2-tiny"), gemma, Path.of(""));
    CopiedDirectory.edit(
        gemma.resolve("config.json"), config -> config.put("max_position_embeddings", 8192));
    link(
        Path.of("src/test/resources/dev/nunchi/nn/gemma2-tiny"),
        template.resolve("my-decoder"),
        Path.of(""));
    link(Path.of("models"), template.resolve("models"), Path.of(""));
    link(Path.of("models/nsmc-small"), template.resolve("nsmc-small-int8"), Path.of(""));
    for (String transformer : List.of("my-transformer-int8", "e5-nsmc-int8", "topics")) {
      link(Path.of("models/nsmc-combined"), template.resolve(transformer), Path.of(""));
    }
    link(
        Path.of("src/test/resources/dev/nunchi/nn/bert-tiny"),
        template.resolve("koelectra-small"),
        Path.of(""));
    run(template, "nunchi train --recipe ngrams --data reviews --output my-checkpoint");
    run(template, "nunchi export --model my-checkpoint --output my-model");
    link(
        Path.of("src/test/resources/dev/nunchi/nn/bert-tiny"),
        template.resolve("models/kcbert"),
        Path.of(""));
    run(
        template,
        "nunchi train --recipe my-recipe.yaml --data reviews --output my-adapter"
            + " --set model_name_or_path=models/kcbert --set lora.r=2 --set num_train_epochs=1");
    run(template, "nunchi export --model my-adapter --adapters separate --output my-base");
    link(template.resolve("my-adapter"), template.resolve("adapters/movies"), Path.of(""));
    run(
        template,
        "nunchi train --recipe nsmc-stars --data nsmc --output nsmc-stars"
            + " --set num_train_epochs=1 --set 'model_config={model_type: ngram_linear,"
            + " ngram_buckets: 4096, ngram_max: 3, max_position_embeddings: 512}'");
    run(template, "nunchi train --recipe nsmc-small --data nsmc --output nsmc-small");
  }

  @AfterAll
  static void stopHub() throws IOException {
    if (hub != null) {
      hub.close();
    }
  }

  static Stream<String> commands() throws IOException {
    return DocumentedCommands.all().stream()
        .filter(command -> command.matches("(nunchi|cat|echo|printf|tail) .*"))
        .filter(command -> !command.matches("nunchi serve(?! --help).*"));
  }

  static Stream<String> servers() throws IOException {
    return DocumentedCommands.all().stream()
        .filter(command -> command.matches("nunchi serve(?! --help).*"));
  }

  @Test
  void documentation_everyPage_isRead() throws IOException {
    assertTrue(commands().count() >= 15, () -> "too few commands were found");
    assertTrue(servers().count() >= 3, () -> "too few servers were found");
    assertTrue(DocumentedCommands.all().stream().anyMatch(each -> each.startsWith("python -m")));
  }

  @ParameterizedTest
  @MethodSource("commands")
  void command_asItStands_succeeds(String command) throws Exception {
    Matcher output = OUTPUT.matcher(command);
    Path folder = copy(output.find() ? Path.of(output.group(1)) : Path.of("-"));
    if (command.matches("nunchi models (show|verify|remove) .*")) {
      run(folder, "nunchi models pull " + NAME);
      Files.delete(folder.resolve("said"));
    }
    run(folder, shortened(command));
  }

  /// Trainings are planned only, and a load is a moment, in which a server that has just started is
  /// given time.
  private static String shortened(String command) {
    if (command.startsWith("nunchi train")) {
      return command + " --dry-run";
    }
    return command.startsWith("nunchi bench")
        ? command.replaceFirst("--deadline \\d+", "--deadline 60000")
            + " --warm-up 0.1 --duration 0.3"
        : command;
  }

  @ParameterizedTest
  @MethodSource("servers")
  void server_asItStands_serves(String command) throws Exception {
    int port = freePort();
    String elsewhere =
        PORT.matcher(command).find()
            ? PORT.matcher(command).replaceFirst("--port " + port)
            : command + " --port " + port;
    Path folder = copy(Path.of("-"));
    Process server = start(folder, elsewhere);
    try {
      awaitServing(server, folder);
      if (command.equals("nunchi serve")) {
        for (String call : DocumentedCommands.all()) {
          if (call.startsWith("curl ")) {
            curl(words(call), port);
          } else if (call.startsWith("grpcurl ")) {
            grpcurl(words(call));
          }
        }
      }
      server.destroy();
      assertTrue(server.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS), "SIGTERM ends it");
    } finally {
      server.destroyForcibly();
    }
  }

  /// The stubs for Python, but for those of gRPC, for which protoc needs a plugin.
  @Test
  void protoc_forPython_findsEveryImport() throws Exception {
    String command =
        DocumentedCommands.all().stream()
            .filter(each -> each.startsWith("python -m grpc_tools.protoc"))
            .findFirst()
            .orElseThrow();
    Path out = Files.createDirectories(directory.resolve("stubs"));
    try (Stream<Path> files = Files.walk(Path.of("target"), 2)) {
      List<Path> built = files.toList();
      Path protoc =
          built.stream()
              .filter(file -> file.getFileName().toString().matches(".*-protoc-.*-exe"))
              .findFirst()
              .orElseThrow();
      // grpc_tools brings the messages that every protoc knows.
      Path known =
          built.stream()
              .filter(folder -> Files.exists(folder.resolve("google/protobuf/duration.proto")))
              .findFirst()
              .orElseThrow();
      String plain =
          command
              .replace("python -m grpc_tools.protoc", protoc + " -I " + known)
              .replace("--python_out=.", "--python_out=" + out)
              .replaceFirst("--grpc_python_out=\\S+ ", "");
      Process process = new ProcessBuilder("bash", "-c", plain).redirectErrorStream(true).start();
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertEquals(0, process.waitFor(), said);
      assertTrue(Files.exists(out.resolve("nunchi/sentiment/v1/sentiment_pb2.py")));
    }
  }

  private static void curl(List<String> words, int port) throws Exception {
    HttpRequest.Builder request = HttpRequest.newBuilder();
    for (int i = 1; i < words.size(); i++) {
      switch (words.get(i)) {
        case "-s" -> {}
        case "-H" -> {
          String[] header = words.get(++i).split(": ", 2);
          request.header(header[0], header[1]);
        }
        case "-d" -> request.POST(HttpRequest.BodyPublishers.ofString(words.get(++i)));
        default -> {
          assertTrue(words.get(i).startsWith("localhost:8080/"), words::toString);
          request.uri(URI.create("http://" + words.get(i).replace("8080", "" + port)));
        }
      }
    }
    try (HttpClient client = HttpClient.newHttpClient()) {
      HttpResponse<String> response =
          client.send(request.build(), HttpResponse.BodyHandlers.ofString());
      assertEquals(200, response.statusCode(), () -> words + "\n" + response.body());
    }
  }

  /// That the call exists and its message is one of the contract's; reflection is shown elsewhere.
  private static void grpcurl(List<String> words) throws Exception {
    assertEquals("-plaintext", words.get(1));
    assertEquals("-d", words.get(2));
    assertEquals("localhost:8080", words.get(4));
    new ObjectMapper()
        .readTree(words.get(3))
        .fieldNames()
        .forEachRemaining(
            name -> assertNotNull(ClassifyRequest.getDescriptor().findFieldByName(name), name));
    assertTrue(
        SentimentServiceGrpc.getServiceDescriptor().getMethods().stream()
            .anyMatch(method -> method.getFullMethodName().equals(words.get(5))),
        words::toString);
  }

  /// As a shell parts them.
  private static List<String> words(String command) throws Exception {
    Process process = new ProcessBuilder("bash", "-c", "printf '%s\\n' " + command).start();
    return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
        .lines()
        .toList();
  }

  private static void run(Path folder, String command) throws Exception {
    Process process = start(folder, command);
    boolean ended = process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS);
    process.destroyForcibly();
    String said = Files.readString(folder.resolve("said"));
    assertTrue(ended, () -> command + "\n" + said);
    assertEquals(0, process.exitValue(), () -> command + "\n" + said);
  }

  private static Process start(Path folder, String command) throws IOException {
    ProcessBuilder process =
        new ProcessBuilder(
                "bash", "-c", command.startsWith("nunchi ") ? "exec " + command : command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("said").toFile());
    process.environment().put("PATH", folder + ":" + System.getenv("PATH"));
    process.environment().put("NUNCHI_HOME", folder.toString());
    process.environment().put("LC_ALL", "C.UTF-8");
    process.environment().put("HF_HOME", folder.resolve("hugging-face").toString());
    process.environment().put("HF_ENDPOINT", Objects.requireNonNull(hub).uri().toString());
    return process.start();
  }

  private static void awaitServing(Process server, Path folder) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (!Files.readString(folder.resolve("said")).contains("Serving ")) {
      assertTrue(
          server.isAlive() && System.nanoTime() < end,
          () -> {
            try {
              return Files.readString(folder.resolve("said"));
            } catch (IOException e) {
              return e.toString();
            }
          });
      Thread.sleep(50);
    }
  }

  /// `nunchi` as a script that runs what was packaged.
  private static void program() throws IOException {
    String java =
        String.join(
            " ",
            PackagedApplication.training().command().stream()
                .map(word ->
                    "'" + word.replace("target/", Path.of("target/").toAbsolutePath() + "/") + "'")
                .toList());
    Path script = template.resolve("nunchi");
    Files.writeString(script, "#!/usr/bin/env bash\nexec " + java + " \"$@\"\n");
    assertTrue(script.toFile().setExecutable(true));
  }

  private static synchronized Path copy(Path without) throws IOException {
    Path copy = directory.resolve("copy-" + ++copies);
    link(template, copy, without);
    return copy;
  }

  /// A folder with links to the files of another one, all but those in one place.
  private static void link(Path from, Path to, Path without) throws IOException {
    Path left = from.resolve(without);
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Path place = to.resolve(from.relativize(file).toString());
        if (!without.toString().isEmpty() && file.startsWith(left)) {
          continue;
        }
        if (Files.isDirectory(file)) {
          Files.createDirectories(place);
        } else if (!file.getFileName().toString().equals("said")) {
          if (from.equals(template)) {
            Files.createLink(place, file);
          } else {
            Files.copy(file, place);
          }
        }
      }
    }
    assertFalse(Files.exists(to.resolve("said")));
  }

  private static void gzip(Path file, String text) throws IOException {
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
      out.write(text.getBytes(StandardCharsets.UTF_8));
    }
  }

  private static String rows(String column, String bad, String good) {
    List<String> praise = List.of("정말 좋아요", "최고예요", "감동이에요", "또 볼래요");
    List<String> blame = List.of("너무 지루해요", "별로예요", "실망이에요", "돈이 아까워요");
    List<String> subjects = List.of("배우가", "음악이", "이야기가", "영화가", "장면이");
    StringBuilder rows = new StringBuilder("id\tdocument\t" + column + "\n");
    for (int i = 0; i < 200; i++) {
      boolean praised = i % 2 == 1;
      rows.append(
          "%d\t%s %s %d\t%s\n"
              .formatted(
                  i,
                  subjects.get(i / 2 % 5),
                  (praised ? praise : blame).get(i / 10 % 4),
                  i / 40,
                  praised ? good : bad));
    }
    return rows.toString();
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }
}
