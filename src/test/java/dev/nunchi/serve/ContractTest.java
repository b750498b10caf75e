package dev.nunchi.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The gRPC contract against the rules of `proto/buf.yaml`, by buf itself.
class ContractTest {
  private static final Path CONTRACT = Path.of("nunchi/sentiment/v1/sentiment.proto");
  private static final Path BUF = Path.of("target/tools/buf.exe").toAbsolutePath();

  @TempDir Path workspace;

  /// The contract beside what it imports, which `buf.yaml` names as a dependency from the network.
  @BeforeEach
  void copyContract() throws IOException {
    write(workspace.resolve("proto").resolve(CONTRACT), Path.of("proto").resolve(CONTRACT));
    String imported = "google/rpc/status.proto";
    Path target = workspace.resolve("imports").resolve(imported);
    Files.createDirectories(target.getParent());
    try (InputStream in = getClass().getClassLoader().getResourceAsStream(imported)) {
      Files.copy(Objects.requireNonNull(in, imported), target);
    }
    String rules = Files.readString(Path.of("proto/buf.yaml"));
    String lint = rules.substring(rules.indexOf("lint:"), rules.indexOf("breaking:"));
    Files.writeString(
        workspace.resolve("buf.yaml"),
        """
        version: v2
        modules:
          - path: proto
          - path: imports
            lint:
              ignore: [imports]
        """
            + lint);
  }

  @Test
  void lint_contract_isClean() throws Exception {
    assertEquals("", lint());
  }

  /// Shows that the linter does look.
  @Test
  void lint_elementWithoutComment_isFound() throws Exception {
    Path contract = workspace.resolve("proto").resolve(CONTRACT);
    Files.writeString(contract, Files.readString(contract).replace("  // The label's name.\n", ""));
    assertTrue(lint().contains("Field \"label\" should have a non-empty comment"), lint());
  }

  private String lint() throws IOException, InterruptedException {
    assertTrue(BUF.toFile().setExecutable(true), BUF + " is copied there by the build");
    ProcessBuilder builder = new ProcessBuilder(BUF.toString(), "lint");
    builder.directory(workspace.toFile()).redirectErrorStream(true);
    builder.environment().put("BUF_CACHE_DIR", workspace.resolve("cache").toString());
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    return output;
  }

  private static void write(Path target, Path source) throws IOException {
    Files.createDirectories(target.getParent());
    Files.copy(source, target);
  }
}
