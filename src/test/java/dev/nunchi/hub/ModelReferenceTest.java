package dev.nunchi.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nunchi.NunchiException;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ModelReferenceTest {
  private static final String DIGEST = "0123456789abcdef".repeat(4);

  @Test
  void parse_hubName_hasOwnerNameAndRevision() {
    assertEquals(hub("klue/roberta-base", "main"), ModelReference.parse("klue/roberta-base"));
    assertEquals(hub("bert-base-uncased", "main"), ModelReference.parse("bert-base-uncased"));
    assertEquals(hub("a/b", "refs/pr/1"), ModelReference.parse("a/b@refs/pr/1"));
    assertEquals(hub("a/b", "v1.0"), ModelReference.parse("hf://a/b@v1.0"));
    assertEquals(hub("a/b", "main"), ModelReference.parse("hf://models/a/b"));
  }

  private static Optional<ModelReference> hub(String id, String revision) {
    return Optional.of(new ModelReference.Hub(new HubName(id, revision)));
  }

  @Test
  void parse_whatIsAPath_isNone() {
    for (String path :
        List.of(
            "/a/b",
            "./a",
            "../a/b",
            "a/b/c",
            "a/",
            "a--b/c",
            "a..b/c",
            "a/b.git",
            "a/b@../x",
            "a/b@/x",
            "a/-b",
            "",
            ".",
            "모델/이름",
            "a/b c",
            "x".repeat(200))) {
      assertEquals(Optional.empty(), ModelReference.parse(path), path);
    }
  }

  @Test
  void parse_registry_hasTagOrDigest() {
    assertEquals(
        Optional.of(new ModelReference.Registry("localhost:5000", "team/movies", "1")),
        ModelReference.parse("oci://localhost:5000/team/movies:1"));
    assertEquals(
        "oci://ghcr.io/a/b:latest", ModelReference.parse("oci://ghcr.io/a/b").get().toString());
    String pinned = "oci://ghcr.io/a/b@sha256:" + DIGEST;
    assertEquals(pinned, ModelReference.parse(pinned).get().toString());
  }

  @Test
  void parse_archive_needsItsDigest() {
    String archive = "https://store.example/m.tar.gz?x=1#sha256=" + DIGEST;
    assertEquals(archive, ModelReference.parse(archive).get().toString());
    assertRefused("https://store.example/m.tar.gz", "needs the digest of its archive behind it");
    assertRefused("https://store.example/m.tar.gz#sha256=12", "needs the digest");
    assertRefused("https://me:pw@store.example/m#sha256=" + DIGEST, "or a user");
    assertRefused("oci://ghcr.io", "should be oci://HOST/NAME:TAG");
    assertRefused("oci://ghcr.io/../x:1", "should be oci://HOST/NAME:TAG");
  }

  private static void assertRefused(String text, String part) {
    NunchiException e = assertThrows(NunchiException.class, () -> ModelReference.parse(text));
    assertTrue(e.getMessage().contains(part), e::getMessage);
  }
}
