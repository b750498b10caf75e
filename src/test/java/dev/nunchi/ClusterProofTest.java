package dev.nunchi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// `k8s/prove` with a kubectl that is a shell script and writes down what it was asked.
class ClusterProofTest {
  @TempDir private Path directory;

  @ParameterizedTest
  @ValueSource(strings = {"echo namespace/theirs", "exit 1", "kill -TERM $PPID; sleep 1"})
  void prove_namespaceOfOthersOrUnknown_deletesNothing(String answer) throws Exception {
    Path asked = directory.resolve("asked");
    kubectl(
        """
        #!/usr/bin/env bash
        echo "$*" >>'%s'
        case "$*" in *'get namespace'*) %s ;; esac
        """
            .formatted(asked, answer));
    ProcessBuilder builder =
        new ProcessBuilder("bash", "k8s/prove", "--namespace", "theirs", "deploy")
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("said").toFile());
    Map<String, String> environment = builder.environment();
    environment.put("PATH", directory + ":" + environment.get("PATH"));
    int status = builder.start().waitFor();
    assertEquals(answer.startsWith("kill") ? 130 : 2, status);
    assertFalse(Files.readString(asked).contains("delete"), () -> "deletes what is not its own");
  }

  private void kubectl(String script) throws IOException {
    Path file = Files.writeString(directory.resolve("kubectl"), script);
    if (!file.toFile().setExecutable(true)) {
      throw new IOException(file + " cannot be made executable");
    }
  }
}
