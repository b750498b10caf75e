package dev.nunchi.model;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.nunchi.LabelSet;
import dev.nunchi.ProblemType;
import dev.nunchi.text.Normalization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProvenanceTest {
  @TempDir private Path directory;

  @Test
  void of_cards_isTheLicenceThatTheyName() throws IOException {
    Map<String, String> licenses = new LinkedHashMap<>();
    licenses.put("---\nlanguage: ko\nlicense: cc-by-sa-4.0\n---\n# A\n", "cc-by-sa-4.0");
    licenses.put("\uFEFF---\r\nlicense: mit\r\n---\r\n", "mit");
    licenses.put("---\nlicense: other\nlicense_name: my-terms\n---\n", "my-terms");
    licenses.put("---\nlicense:\n- mit\n- apache-2.0\n---\n", "mit, apache-2.0");
    licenses.put("# license: mit\n", "");
    licenses.put("---\nlicense: [\n---\n", "");
    licenses.put("---\nlicense:\n---\n", "");
    licenses.put("---\nlicense: mit\n", "");
    licenses.put("", "");
    for (Map.Entry<String, String> each : licenses.entrySet()) {
      Files.writeString(directory.resolve("README.md"), each.getKey());
      assertEquals(each.getValue(), Provenance.of(directory).license().orElse(""), each.getKey());
    }
    Files.delete(directory.resolve("README.md"));
    assertEquals(Optional.empty(), Provenance.of(directory).license());
  }

  @Test
  void of_snapshotOfACache_knowsNameAndCommit() throws IOException {
    String commit = "0123456789".repeat(4);
    Path snapshot =
        Files.createDirectories(
            directory.resolve("models--klue--roberta-base/snapshots/" + commit));
    Files.writeString(snapshot.resolve("README.md"), "---\nlicense: cc-by-sa-4.0\n---\n");
    Provenance provenance = Provenance.of(snapshot);
    assertEquals(
        Map.of(
            "base_model", "klue/roberta-base",
            "base_model_revision", commit,
            "base_model_license", "cc-by-sa-4.0"),
        provenance.asBase());
    assertEquals(
        Map.of("source", "klue/roberta-base", "source_revision", commit, "license", "cc-by-sa-4.0"),
        provenance.asSource());
    assertEquals(
        "klue/roberta-base at " + commit + " (licence cc-by-sa-4.0)",
        Provenance.shown(provenance.asBase()));
    assertEquals("", Provenance.shown(Map.of()));
  }

  @Test
  void asBase_vocabularyThatWasCut_namesTheWholeModel() throws IOException {
    Manifest manifest =
        Manifest.of(
                "cut",
                LabelSet.of("부정", "긍정"),
                ProblemType.SINGLE_LABEL_CLASSIFICATION,
                Normalization.NONE,
                24)
            .written(Precision.FP32, "sha256:" + "0".repeat(64), Map.of(), Map.of());
    Map<String, String> said =
        new LinkedHashMap<>(
            Map.of("source", "klue/roberta-base", "source_revision", "abc", "license", "mit"));
    for (String vocabulary : new String[] {"", "100 of 200 pieces"}) {
      if (!vocabulary.isEmpty()) {
        said.put("vocabulary", vocabulary);
      }
      ManifestFile.write(
          directory, manifest.withOrigin(new Manifest.Origin(Map.of(), said, List.of())));
      String shown = Provenance.shown(Provenance.of(directory).asBase());
      assertEquals(
          vocabulary.isEmpty()
              ? " (licence mit)"
              : "klue/roberta-base at abc, cut to 100 of 200 pieces (licence mit)",
          shown);
    }
    assertEquals(Optional.empty(), Provenance.of(directory).name(), "adapters name the directory");
  }
}
