package dev.nunchi.hub;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// A model of a hub: `klue/roberta-base`, an old one without an owner (`bert-base-uncased`), or
/// either at a revision (`klue/roberta-base@main`); `hf://` may stand before.
///
/// @param id owner and name
/// @param revision branch, tag or commit; [#MAIN] where none was named
public record HubName(String id, String revision) {
  static final String MAIN = "main";

  /// What a commit is called.
  static final String COMMIT = "[0-9a-f]{40}";

  private static final String WORD = "[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,94}[A-Za-z0-9_])?";
  private static final Pattern NAME =
      Pattern.compile("(?:hf://(?:models/)?)?((?:%s/)?%s)(?:@(.+))?".formatted(WORD, WORD));
  private static final String REVISION = "[\\w.-]+(/[\\w.-]+)*";

  /// @return empty where it can be no model's name
  public static Optional<HubName> parse(String text) {
    Matcher parts = NAME.matcher(text);
    if (!parts.matches()) {
      return Optional.empty();
    }
    String id = parts.group(1);
    @Nullable String revision = parts.group(2);
    boolean isName = !id.contains("--") && !id.contains("..") && !id.endsWith(".git");
    boolean isRevision = revision == null || isRevision(revision);
    return isName && isRevision
        ? Optional.of(new HubName(id, revision == null ? MAIN : revision))
        : Optional.empty();
  }

  /// Whether a revision can be one: a file is named after it.
  static boolean isRevision(String revision) {
    return revision.matches(REVISION) && !revision.contains("..") && !revision.startsWith(".");
  }

  /// Whether an owner is named.
  public boolean hasOwner() {
    return id.contains("/");
  }

  public HubName at(String revision) {
    return new HubName(id, revision);
  }

  /// Whether the revision can mean one state only.
  boolean isPinned() {
    return revision.matches(COMMIT);
  }

  /// The name of its folder in the cache.
  String folder() {
    return "models--" + id.replace("/", "--");
  }

  @Override
  public String toString() {
    return revision.equals(MAIN) ? id : id + "@" + revision;
  }
}
