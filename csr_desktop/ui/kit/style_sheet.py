"""The one style sheet, made from tokens. What our own widgets paint themselves is not in it."""

from collections.abc import Mapping

from csr_desktop.ui.kit.tokens import Sizes

_TONES = {
    "muted": "text-muted",
    "neutral": "text-muted",
    "faint": "text-faint",
    "accent": "accent-text",
    "danger": "danger",
    "warning": "warning",
    "success": "success",
    "info": "info",
}
_GROUNDS = ("canvas", "surface", "raised", "note", "fill")
_TEXT_SIZES = ("caption", "body", "title", "name")


def style_sheet(sizes: Sizes, colours: Mapping[str, str], *, is_contrast: bool = False) -> str:
    """`colours` maps roles to #RRGGBB."""
    return "\n".join(
        (
            _labels(sizes, colours),
            _grounds(sizes, colours),
            _buttons(sizes, colours),
            _fields(sizes, colours),
            _lists_and_tables(sizes, colours),
            _menus(sizes, colours),
            _scrolling(sizes, colours, rest="control" if is_contrast else "fill-hover"),
        )
    )


def _labels(sizes: Sizes, colours: Mapping[str, str]) -> str:
    rules = [f'QLabel[tone="{tone}"] {{ color: {colours[role]}; }}' for tone, role in _TONES.items()]
    for size in _TEXT_SIZES:
        pixels, line = getattr(sizes.type, size), getattr(sizes.type, f"line_{size}")
        rules.append(f'QLabel[textSize="{size}"] {{ font-size: {pixels}px; min-height: {line}px; }}')
    rules += [f'QLabel[weight="{weight}"] {{ font-weight: {weight}; }}' for weight in sizes.type.weights]
    rules.append(
        f"QToolTip {{ background: {colours['raised']}; color: {colours['text']};"
        f" border: 1px solid {colours['hairline']}; padding: {sizes.space.tight}px; }}"
    )
    return "\n".join(rules)


def _grounds(sizes: Sizes, colours: Mapping[str, str]) -> str:
    rules = [f'QFrame[ground="{ground}"] {{ background: {colours[ground]}; border: none; }}' for ground in _GROUNDS]
    edge = f"border: 1px solid {colours['hairline']}; border-radius: {sizes.radius.card}px;"
    rules += [
        f'QFrame[role="card"] {{ background: {colours["surface"]}; {edge} }}',
        f'QFrame[role="float"] {{ background: {colours["raised"]}; {edge} }}',
    ]
    rules += [
        f'QFrame[role="notice"][tone="{tone}"] {{ background: {colours[f"{tone}-soft"]}; border: none;'
        f" border-radius: {sizes.radius.card}px; }}"
        for tone in ("danger", "warning", "success", "info")
    ]
    return "\n".join(rules)


def _buttons(sizes: Sizes, colours: Mapping[str, str]) -> str:
    height, radius, space = sizes.height.control, sizes.radius.control, sizes.space
    kinds = {
        "primary": ("accent", "on-accent", "accent-hover", sizes.type.weights[1]),
        "end-call": ("danger-fill", "on-danger", "danger-fill", sizes.type.weights[1]),
    }
    rules = [
        f"QPushButton {{ background: {colours['fill']}; color: {colours['text']}; border: none;",
        f"border-radius: {radius}px; padding: 0 {space.apart}px; }}",
        # Qt's own dialogs only: our buttons know their height, and a height from here would beat a fixed one.
        f"QDialog QPushButton {{ min-height: {height}px; }}",
        f"QPushButton:hover {{ background: {colours['fill-hover']}; }}",
        f"QPushButton:focus {{ border: {sizes.stroke.focus_ring}px solid {colours['focus']}; }}",
        f'QPushButton[role="quiet"] {{ background: transparent; color: {colours["text-muted"]}; }}',
        f'QPushButton[role="quiet"]:hover {{ background: {colours["fill"]}; }}',
    ]
    for role, (ground, text, hover, weight) in kinds.items():
        rules.append(
            f'QPushButton[role="{role}"] {{ background: {colours[ground]}; color: {colours[text]};'
            f" font-weight: {weight}; }}"
            f'QPushButton[role="{role}"]:hover {{ background: {colours[hover]}; }}'
        )
    return "\n".join(rules)


def _fields(sizes: Sizes, colours: Mapping[str, str]) -> str:
    radius, inner = sizes.radius.control, sizes.height.control - 2
    # Qt keeps two pixels of its own between a line edit's padding and its text.
    side = sizes.space.close - 2
    ring, focus = sizes.stroke.focus_ring, colours["focus"]
    ground = f"background: {colours['surface']}; color: {colours['text']}; border-radius: {radius}px;"
    chosen = f"selection-background-color: {colours['accent']}; selection-color: {colours['on-accent']};"
    return (
        f"QLineEdit, QTextEdit, QPlainTextEdit {{ placeholder-text-color: {colours['text-faint']}; }}"
        f"QLineEdit {{ {ground} {chosen} border: 1px solid {colours['control']}; padding: 0 {side}px;"
        f" min-height: {inner}px; }}"
        f"QLineEdit:read-only {{ background: {colours['canvas']}; border-color: {colours['hairline']}; }}"
        f"QLineEdit:focus {{ border: {ring}px solid {focus}; padding: 0 {side - 1}px; min-height: {inner - 2}px; }}"
        f'QLineEdit[isBad="true"] {{ border-color: {colours["danger"]}; }}'
        f'QLineEdit[isBare="true"], QLineEdit[isBare="true"]:focus {{ border: none; background: transparent;'
        f" padding: 0; min-height: {inner - 2}px; }}"
        f"QPlainTextEdit, QTextEdit {{ {ground} {chosen} border: 1px solid {colours['control']};"
        f" padding: {side + 1}px; }}"
        f"QPlainTextEdit:focus, QTextEdit:focus {{ border: {ring}px solid {focus}; padding: {side}px; }}"
        f'QPlainTextEdit[isBad="true"] {{ border-color: {colours["danger"]}; }}'
        '*[isBare="true"], *[isBare="true"]:focus { border: none; background: transparent; padding: 0; }'
        f"QComboBox {{ {ground} border: 1px solid {colours['control']}; padding: 0 {side}px; min-height: {inner}px; }}"
        f"QComboBox:focus {{ border: {ring}px solid {focus}; padding: 0 {side - 1}px; min-height: {inner - 2}px; }}"
        f"QComboBox QAbstractItemView {{ background: {colours['raised']}; color: {colours['text']};"
        f" border: 1px solid {colours['hairline']}; padding: {sizes.space.tight}px; outline: none; }}"
        f"QComboBox QAbstractItemView::item {{ min-height: {sizes.height.control}px; padding: 0 {sizes.space.close}px;"
        f" border-radius: {sizes.radius.chip}px; }}"
        f"QComboBox QAbstractItemView::item:selected {{ background: {colours['selection']};"
        f" color: {colours['text']}; }}"
        f"QCheckBox, QRadioButton {{ spacing: {sizes.space.close}px; min-height: {sizes.height.control}px; }}"
    )


def _lists_and_tables(sizes: Sizes, colours: Mapping[str, str]) -> str:
    return (
        f"QListView, QTableView, QTreeView {{ background: {colours['surface']}; border: none; outline: none;"
        f" gridline-color: {colours['hairline']}; selection-background-color: {colours['selection']};"
        f" selection-color: {colours['text']}; }}"
        f'QListView[ground="canvas"] {{ background: {colours["canvas"]}; }}'
        f'QListView[ground="raised"] {{ background: {colours["raised"]}; }}'
        f"QHeaderView::section {{ background: {colours['surface']}; color: {colours['text-muted']};"
        f" font-size: {sizes.type.caption}px; border: none; border-bottom: 1px solid {colours['hairline']};"
        f" min-height: {sizes.height.group_header}px; padding: 0 {sizes.space.apart}px; }}"
        "QScrollArea { border: none; background: transparent; }"
        f"QSplitter::handle {{ background: {colours['hairline']}; }}"
        f"QSplitter::handle:hover {{ background: {colours['accent']}; }}"
    )


def _menus(sizes: Sizes, colours: Mapping[str, str]) -> str:
    space = sizes.space
    return (
        f"QMenu {{ background: {colours['raised']}; color: {colours['text']}; border: 1px solid {colours['hairline']};"
        f" border-radius: {sizes.radius.card}px; padding: {space.tight}px; }}"
        f"QMenu::item {{ min-height: {sizes.height.control}px; padding: 0 {space.page}px 0 {space.close}px;"
        f" border-radius: {sizes.radius.chip}px; }}"
        f"QMenu::item:selected {{ background: {colours['selection']}; }}"
        f"QMenu::item:disabled {{ color: {colours['text-faint']}; }}"
        f"QMenu::icon {{ left: {space.tight}px; }}"
        f"QMenu::separator {{ height: 1px; background: {colours['hairline']};"
        f" margin: {space.tight}px {space.close}px; }}"
    )


def _scrolling(sizes: Sizes, colours: Mapping[str, str], *, rest: str) -> str:
    """`rest` is the colour of a thumb that is let be; under the pointer it is that of a control."""
    thick, gap = sizes.space.apart, (sizes.space.apart - sizes.space.tight) // 2
    handle = f"background: {colours[rest]}; border-radius: {(thick - 2 * gap) // 2}px; margin: {gap}px;"
    return (
        f"QScrollBar:vertical {{ background: transparent; width: {thick}px; margin: 0; }}"
        f"QScrollBar:horizontal {{ background: transparent; height: {thick}px; margin: 0; }}"
        f"QScrollBar::handle {{ {handle} }}"
        f"QScrollBar::handle:hover, QScrollBar::handle:pressed {{ background: {colours['control']}; }}"
        f"QScrollBar::handle:vertical {{ min-height: {sizes.space.wide}px; }}"
        f"QScrollBar::handle:horizontal {{ min-width: {sizes.space.wide}px; }}"
        "QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }"
        "QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }"
    )
