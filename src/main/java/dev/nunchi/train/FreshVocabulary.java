package dev.nunchi.train;

import dev.nunchi.data.Example;
import dev.nunchi.model.TemporaryDirectory;
import dev.nunchi.text.CharacterVocabulary;
import dev.nunchi.text.Normalizer;
import dev.nunchi.text.Vocabulary;
import dev.nunchi.text.VocabularyTrainer;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// The vocabulary of a new network, trained on its texts, in a temporary directory until the first
/// checkpoint takes it over.
record FreshVocabulary(TemporaryDirectory temporary, int size) implements AutoCloseable {

  static FreshVocabulary train(List<Example> examples, Normalizer normalizer, Recipe recipe) {
    List<String> texts =
        examples.stream()
            .flatMap(example -> Stream.of(example.text(), example.context()))
            .filter(text -> text != null)
            .toList();
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
    TemporaryDirectory temporary = TemporaryDirectory.create();
    vocabulary.write(temporary.path(), recipe.data().maxLength());
    return new FreshVocabulary(temporary, vocabulary.size());
  }

  private static FreshVocabulary characters(
      List<String> texts, Normalizer normalizer, Recipe recipe) {
    CharacterVocabulary vocabulary =
        CharacterVocabulary.of(
            texts,
            normalizer,
            recipe.start().tokenizerMinFrequency(),
            recipe.start().tokenizerAlphabetLimit());
    TemporaryDirectory temporary = TemporaryDirectory.create();
    vocabulary.write(temporary.path(), recipe.data().maxLength());
    return new FreshVocabulary(temporary, vocabulary.size());
  }

  Path directory() {
    return temporary.path();
  }

  @Override
  public void close() {
    temporary.close();
  }
}
