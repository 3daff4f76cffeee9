#include "cli/completion.hpp"

#include <algorithm>
#include <vector>

#include <CLI/App.hpp>
#include <fmt/format.h>

namespace edsm::cli {
namespace {

struct Offer {
  std::string lines;
  bool files = false;

  void add(std::string_view word, std::string_view meaning, std::string_view begun) {
    if (!word.starts_with(begun)) return;
    if (meaning.empty()) {
      lines += fmt::format("{}\n", word);
    } else {
      lines += fmt::format("{}\t{}\n", word, meaning);
    }
  }
};

bool hidden(const CLI::Option& option) {
  return option.get_group().empty();
}

bool takes_value(const CLI::Option& option) {
  return option.get_items_expected_min() > 0;
}

/// The first sentence, without the default.
std::string_view short_meaning(std::string_view description) {
  description = description.substr(0, description.find(" ["));
  const auto dot = description.find(". ");
  if (dot != std::string_view::npos) return description.substr(0, dot);
  return description.ends_with('.') ? description.substr(0, description.size() - 1) : description;
}

/// "table|json" are the values themselves, FILE and FOLDER say what they are.
void offer_values(Offer& offer, const CLI::Option& option, std::string_view before,
                  std::string_view begun) {
  std::string_view text = option.get_option_text();
  offer.files = text == "FILE" || text == "FOLDER";
  if (!text.contains('|')) return;
  while (!text.empty()) {
    const auto bar = std::min(text.find('|'), text.size());
    offer.add(fmt::format("{}{}", before, text.substr(0, bar)), "", begun);
    text.remove_prefix(std::min(bar + 1, text.size()));
  }
}

void offer_options(Offer& offer, const CLI::App& app, std::string_view begun) {
  for (const auto* const option : app.get_options()) {
    if (hidden(*option)) continue;
    const auto meaning = short_meaning(option->get_description());
    for (const auto& name : option->get_lnames()) offer.add("--" + name, meaning, begun);
    for (const auto& name : option->get_snames()) offer.add("-" + name, meaning, begun);
  }
}

/// Reads a command line up to the word that is being written.
class Walk {
 public:
  explicit Walk(const CLI::App& app) : app_(&app) {}

  void pass(const std::string& word) {
    if (waiting_ != nullptr) {
      waiting_ = nullptr;
    } else if (!only_positionals_ && word.starts_with('-') && word.size() > 1) {
      only_positionals_ = word == "--";
      const auto* const option = app_->get_option_no_throw(word);
      if (option != nullptr && takes_value(*option)) waiting_ = option;
    } else if (const auto* const command = command_of(word)) {
      app_ = command;
    } else {
      ++positionals_;
    }
  }

  Offer offer(const std::string& begun) const {
    Offer offer;
    const auto equals = begun.find('=');
    if (waiting_ != nullptr) {
      offer_values(offer, *waiting_, "", begun);
    } else if (!only_positionals_ && begun.starts_with("--") && equals != std::string::npos) {
      const auto* const option = app_->get_option_no_throw(begun.substr(0, equals));
      const auto before = begun.substr(0, equals + 1);
      if (option != nullptr) offer_values(offer, *option, before, begun);
    } else if (!only_positionals_ && begun.starts_with('-')) {
      offer_options(offer, *app_, begun);
    } else {
      offer_commands(offer, begun);
      if (const auto* const next = positional()) offer_values(offer, *next, "", begun);
    }
    return offer;
  }

 private:
  const CLI::App* command_of(const std::string& word) const {
    const auto named =
        app_->get_subcommands([&](const CLI::App* each) { return each->get_name() == word; });
    return named.empty() ? nullptr : named.front();
  }

  void offer_commands(Offer& offer, std::string_view begun) const {
    for (const auto* const command : app_->get_subcommands({})) {
      offer.add(command->get_name(), short_meaning(command->get_description()), begun);
    }
  }

  /// The argument whose turn it is; null: there may be no further one.
  const CLI::Option* positional() const {
    const auto all =
        app_->get_options([](const CLI::Option* option) { return option->get_positional(); });
    return positionals_ < all.size() ? all[positionals_] : nullptr;
  }

  const CLI::App* app_;
  const CLI::Option* waiting_ = nullptr;  ///< the next word is its value
  std::size_t positionals_ = 0;
  bool only_positionals_ = false;
};

constexpr std::string_view kBash = R"(# Completion for bash: source <(edsm completion bash)
_edsm() {
  local words=() word glue= cut= i
  # bash takes "=" and ":" for ends of words.
  for ((i = 1; i <= COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    if [[ ${#words[@]} -gt 0 && ( $glue || $word == [=:]* ) ]]; then
      words[-1]+=$word
    else
      words+=("$word")
    fi
    glue=
    [[ $word == [=:]* ]] && glue=yes
  done
  [[ $COMP_WORDBREAKS == *=* && ${words[-1]} == *=* ]] && cut=${words[-1]%=*}=
  COMPREPLY=()
  while IFS=$'\t' read -r word _; do
    case $word in
      :0) compopt -o default ;;
      :*) ;;
      *) COMPREPLY+=("${word#"$cut"}") ;;
    esac
  done < <("${1/#\~/$HOME}" __complete "${words[@]}" 2>/dev/null)
}
complete -F _edsm edsm
)";

constexpr std::string_view kZsh = R"(#compdef edsm
# Completion for zsh: source <(edsm completion zsh), or as the file _edsm in a folder of $fpath
_edsm() {
  local line files
  local -a offers
  for line in "${(@f)$(${(Q)words[1]/#\~/$HOME} __complete "${(@Q)words[2,CURRENT]}" 2>/dev/null)}"; do
    case $line in
      :0) files=yes ;;
      :*) ;;
      *$'\t'*) offers+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}") ;;
      ?*) offers+=("${line//:/\\:}") ;;
    esac
  done
  (( ${#offers} )) && _describe edsm offers
  if [[ -n $files ]]; then
    compset -P '--*='
    _files
  fi
}
if [[ $funcstack[1] == _edsm ]]; then
  _edsm "$@"
else
  compdef _edsm edsm
fi
)";

constexpr std::string_view kFish = R"(# Completion for fish: edsm completion fish | source
function __edsm_complete
    set -l words (commandline -opc)
    set -l last (commandline -ct)
    for line in ($words[1] __complete $words[2..] "$last" 2>/dev/null)
        switch $line
            case ':0'
                set -l before (string match -r -- '^--[^=]*=' "$last")
                string replace -r -- '^' "$before" \
                    (__fish_complete_path (string replace -r -- '^--[^=]*=' '' "$last"))
            case ':*'
            case '*'
                echo $line
        end
    end
end
complete -c edsm -f -a '(__edsm_complete)'
)";

}  // namespace

std::string complete(const CLI::App& app, std::span<const std::string> words) {
  Walk walk(app);
  if (words.empty()) return ":4\n";
  for (const auto& word : words.first(words.size() - 1)) walk.pass(word);
  auto offer = walk.offer(words.back());
  return std::move(offer.lines) + (offer.files ? ":0\n" : ":4\n");
}

std::string_view completion_script(std::string_view shell) {
  if (shell == "bash") return kBash;
  if (shell == "zsh") return kZsh;
  if (shell == "fish") return kFish;
  return {};
}

}  // namespace edsm::cli
