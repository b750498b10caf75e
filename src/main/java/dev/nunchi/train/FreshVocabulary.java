package dev.nunchi.train;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.data.Example;
import dev.nunchi.text.CharacterVocabulary;
import dev.nunchi.text.Normalizer;
import dev.nunchi.text.Vocabulary;
import dev.nunchi.text.VocabularyTrainer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// The vocabulary of a new network, trained on its texts, in a temporary directory until the first
/// checkpoint takes it over.
record FreshVocabulary(Path directory, int size) implements AutoCloseable {

  static FreshVocabulary train(List<Example> examples, Normalizer normalizer, Recipe recipe) {
    List<String> texts = examples.stream().map(Example::text).toList();
    return switch (recipe.start().tokenizerType()) {
      case BPE -> pairs(texts, normalizer, recipe);
      case CHARACTERS -> characters(texts, normalizer, recipe);
    };
  }

  private static FreshVocabulary pairs(List<String> texts, Normalizer normalizer, Recipe recipe) {
    VocabularyTrainer trainer =
        new VocabularyTrainer(
            normalizer,
            new VocabularyTrainer.Settings(
                recipe.start().tokenizerVocabSize(),
                recipe.start().tokenizerMinFrequency(),
                recipe.start().tokenizerAlphabetLimit()));
    texts.forEach(trainer::add);
    Vocabulary vocabulary = trainer.train(pieces -> {});
    Path directory = emptyDirectory();
    vocabulary.write(directory, recipe.data().maxLength());
    return new FreshVocabulary(directory, vocabulary.size());
  }

  private static FreshVocabulary characters(
      List<String> texts, Normalizer normalizer, Recipe recipe) {
    CharacterVocabulary vocabulary =
        CharacterVocabulary.of(
            texts,
            normalizer,
            recipe.start().tokenizerMinFrequency(),
            recipe.start().tokenizerAlphabetLimit());
    Path directory = emptyDirectory();
    vocabulary.write(directory, recipe.data().maxLength());
    return new FreshVocabulary(directory, vocabulary.size());
  }

  private static Path emptyDirectory() {
    try {
      return Files.createTempDirectory("nunchi-vocabulary");
    } catch (IOException e) {
      throw new NunchiException(Reason.IO_FAILURE, "The vocabulary could not be written", e);
    }
  }

  @Override
  public void close() {
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
      Files.delete(directory);
    } catch (IOException e) {
      throw new NunchiException(Reason.IO_FAILURE, directory + " could not be removed", e);
    }
  }
}
