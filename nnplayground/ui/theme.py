"""Colours and style: our own palette on Fusion, light and dark.

Widgets ask `colors(widget)` while painting and so follow a change of theme by Qt's own PaletteChange event.
"""

from __future__ import annotations

from typing import Literal

import msgspec
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from nnplayground.ui import icons

ThemeName = Literal["system", "light", "dark"]


class Colors(msgspec.Struct, frozen=True):
    """All colours of one theme. Text on its background has a contrast of at least 4.5:1."""

    dark: bool
    window: str
    canvas: str
    canvas_dot: str
    surface: str
    """Blocks, fields, buttons."""
    raised: str
    """Hovered or chosen surfaces."""
    border: str
    separator: str
    text: str
    muted: str
    accent: str
    accent_text: str
    error: str
    warning: str
    good: str
    training: str
    validation: str
    rival: str
    """The loss of a generator, beside that of the discriminator."""
    pale_run: str
    grid: str


DARK = Colors(
    dark=True,
    window="#23272f",
    canvas="#1f232a",
    canvas_dot="#333944",
    surface="#2b303a",
    raised="#353c49",
    border="#3d4452",
    separator="#363c48",
    text="#e7eaf0",
    muted="#a3acbb",
    accent="#4c8dff",
    accent_text="#0b1220",
    error="#ff6b6b",
    warning="#f0a33f",
    good="#3fc28c",
    training="#4c8dff",
    validation="#f59e0b",
    rival="#c084fc",
    pale_run="#5a6372",
    grid="#333a45",
)
LIGHT = Colors(
    dark=False,
    window="#ffffff",
    canvas="#f7f8fa",
    canvas_dot="#d5dae2",
    surface="#ffffff",
    raised="#eef2fb",
    border="#cfd5df",
    separator="#dfe3ea",
    text="#1c2230",
    muted="#5b6575",
    accent="#2563eb",
    accent_text="#ffffff",
    error="#c62f3b",
    warning="#96590a",
    good="#177a53",
    training="#2563eb",
    validation="#b86e00",
    rival="#7e22ce",
    pale_run="#b4bcc9",
    grid="#e3e7ed",
)

FAMILY_COLORS: dict[str, str] = {
    "core": "#8b5cf6",
    "convolution": "#3d7ef0",
    "pooling": "#22a6a1",
    "regularization": "#d9822b",
    "sequence": "#b8921f",
    "augmentation": "#c2589c",
    "merge": "#6b7a90",
    "pretrained": "#5a9a3c",
    "input": "#6b7a90",
    "output": "#d64577",
}


def colors(widget: QWidget | None = None) -> Colors:
    """The colours of the theme in force."""
    palette = widget.palette() if widget is not None else QGuiApplication.palette()
    return DARK if palette.color(QPalette.ColorRole.Window).lightness() < 128 else LIGHT


def apply_theme(app: QApplication, name: ThemeName, *, scale: float = 1.0) -> None:
    """Put a theme in force; `system` follows the desktop. scale: of the text, 1.25 is the classroom's larger text."""
    apply_palette(app, name, scale=scale)
    apply_style_sheet(app, name, scale=scale)


def apply_style_sheet(app: QApplication, name: ThemeName, *, scale: float = 1.0) -> None:
    """The rest of a theme, for the widgets that are there."""
    app.setStyleSheet(_style_sheet(_resolved(name), scale))


def apply_palette(app: QApplication, name: ThemeName, *, scale: float = 1.0) -> None:
    """The part of a theme that widgets need while they are made: style, colours and font.

    A style sheet is worked out anew for every widget that gets a parent, so it comes once all widgets are there.
    """
    app.setStyle("Fusion")
    app.setPalette(_palette(_resolved(name)))
    app.setFont(_font(scale))


def _resolved(name: ThemeName) -> Colors:
    if name == "system":
        dark = QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark
        return DARK if dark else LIGHT
    return DARK if name == "dark" else LIGHT


def _font(scale: float) -> QFont:
    font = QFont()
    font.setFamilies(["Inter", "Segoe UI", "SF Pro Text", "Cantarell", "Noto Sans", "DejaVu Sans"])
    font.setPixelSize(round(13 * scale))
    return font


def _palette(theme: Colors) -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    for kind, color in {
        role.Window: theme.window,
        role.WindowText: theme.text,
        role.Base: theme.surface,
        role.AlternateBase: theme.raised,
        role.Text: theme.text,
        role.Button: theme.surface,
        role.ButtonText: theme.text,
        role.BrightText: theme.error,
        role.ToolTipBase: theme.raised,
        role.ToolTipText: theme.text,
        role.PlaceholderText: theme.muted,
        role.Highlight: theme.accent,
        role.HighlightedText: theme.accent_text,
        role.Link: theme.accent,
        role.Light: theme.raised,
        role.Midlight: theme.raised,
        role.Mid: theme.border,
        role.Dark: theme.border,
        role.Shadow: theme.separator,
    }.items():
        palette.setColor(kind, QColor(color))
    for kind in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, kind, QColor(_mix(theme.muted, theme.window, 0.55)))
    return palette


def _mix(first: str, second: str, share: float) -> str:
    """The colour between two, `share` of the way from the second to the first."""
    one, two = QColor(first), QColor(second)
    values = (
        round(a * share + b * (1 - share))
        for a, b in zip(one.getRgb()[:3], two.getRgb()[:3], strict=True)  # type: ignore[index]
    )
    return QColor(*values).name()


def _style_sheet(theme: Colors, scale: float) -> str:
    small = round(11 * scale)
    heading = round(15 * scale)
    title = round(25 * scale)
    down = icons.style_url("chevron-down", theme.muted)
    up = icons.style_url("chevron-up", theme.muted)
    check = icons.style_url("check", theme.accent_text)
    disabled = _mix(theme.muted, theme.window, 0.55)
    return f"""
QMainWindow::separator {{ background: {theme.separator}; width: 1px; height: 1px; }}
QMainWindow::separator:hover {{ background: {theme.accent}; }}
QToolTip {{ background: {theme.raised}; color: {theme.text}; border: 1px solid {theme.border}; padding: 4px 6px; }}
QToolBar {{ background: {theme.window}; border: none; border-bottom: 1px solid {theme.separator};
    padding: 6px 8px; spacing: 6px; }}
QToolBar::separator {{ background: {theme.separator}; width: 1px; margin: 4px 4px; }}
QStatusBar {{ background: {theme.window}; color: {theme.muted}; border-top: 1px solid {theme.separator}; }}
QStatusBar::item {{ border: none; }}
QMenuBar {{ background: {theme.window}; color: {theme.text}; border-bottom: 1px solid {theme.separator}; }}
QMenuBar::item {{ padding: 4px 9px; background: transparent; border-radius: 4px; }}
QMenuBar::item:selected {{ background: {theme.raised}; }}
QMenu {{ background: {theme.surface}; border: 1px solid {theme.border}; padding: 4px; }}
QMenu::item {{ padding: 5px 22px 5px 22px; border-radius: 4px; }}
QMenu::item:selected {{ background: {theme.raised}; color: {theme.text}; }}
QMenu::item:disabled {{ color: {disabled}; }}
QMenu::separator {{ height: 1px; background: {theme.separator}; margin: 4px 6px; }}
QPushButton, QToolButton {{ background: {theme.surface}; color: {theme.text}; border: 1px solid {theme.border};
    border-radius: 6px; padding: 5px 10px; }}
QPushButton:hover, QToolButton:hover {{ background: {theme.raised}; }}
QPushButton:pressed, QToolButton:pressed {{ background: {theme.border}; }}
QPushButton:focus, QToolButton:focus {{ border-color: {theme.accent}; }}
QPushButton:disabled, QToolButton:disabled {{ color: {disabled}; border-color: {theme.separator}; }}
QPushButton:checked, QToolButton:checked {{ background: {theme.raised}; border-color: {theme.accent}; }}
QPushButton[primary="true"], QToolButton[primary="true"] {{ background: {theme.accent}; color: {theme.accent_text};
    border-color: {theme.accent}; font-weight: 600; }}
QPushButton[primary="true"]:disabled, QToolButton[primary="true"]:disabled {{ background: {theme.raised};
    color: {disabled}; border-color: {theme.separator}; }}
QPushButton[flat_look="true"], QToolButton[flat_look="true"] {{ background: transparent; border-color: transparent;
    padding: 3px 6px; }}
QPushButton[flat_look="true"]:hover, QToolButton[flat_look="true"]:hover {{ background: {theme.raised}; }}
QPushButton[flat_look="true"]:focus, QToolButton[flat_look="true"]:focus {{ border-color: {theme.accent}; }}
QToolButton[tiny="true"] {{ padding: 3px 5px; }}
QToolButton[snug="true"] {{ padding: 1px 4px; }}
QToolButton[quiet="true"] {{ color: {theme.muted}; }}
QToolButton[quiet="true"]:hover {{ color: {theme.text}; }}
QPushButton[compact="true"], QToolButton[compact="true"] {{ padding: 3px 7px; }}
QPushButton[link="warning"] {{ background: transparent; border-color: transparent; color: {theme.warning};
    padding: 1px 0; text-align: left; }}
QPushButton[link="warning"]:hover {{ text-decoration: underline; }}
QPushButton[link="warning"]:focus {{ border-color: {theme.accent}; }}
QToolButton[disclosure="true"] {{ padding-left: 0; margin-left: -2px; }}
QToolButton::menu-indicator {{ image: none; }}
QToolButton[popupMode="1"] {{ padding-right: 20px; }}
QToolButton::menu-button {{ border: none; border-left: 1px solid {theme.border}; width: 16px;
    border-top-right-radius: 6px; border-bottom-right-radius: 6px; }}
QToolButton::menu-arrow {{ image: {down}; width: 10px; height: 10px; }}
QLineEdit, QSpinBox, QDoubleSpinBox, QComboBox, QPlainTextEdit, QTextEdit {{ background: {theme.surface};
    color: {theme.text}; border: 1px solid {theme.border}; border-radius: 6px; padding: 4px 8px;
    selection-background-color: {theme.accent}; selection-color: {theme.accent_text}; }}
QLineEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus, QComboBox:focus, QPlainTextEdit:focus, QTextEdit:focus {{
    border-color: {theme.accent}; }}
QLineEdit:disabled, QSpinBox:disabled, QDoubleSpinBox:disabled, QComboBox:disabled {{ color: {disabled};
    border-color: {theme.separator}; }}
QLineEdit[invalid="true"], QSpinBox[invalid="true"], QComboBox[invalid="true"] {{ border-color: {theme.error}; }}
QSpinBox[compact="true"] {{ padding: 2px 0 2px 4px; }}
QComboBox {{ padding-right: 2px; }}
QComboBox[compact="true"] {{ padding: 2px 20px 2px 7px; }}
QComboBox QLineEdit {{ border: none; background: transparent; padding: 0; }}
QComboBox::drop-down {{ border: none; width: 20px; }}
QComboBox::down-arrow {{ image: {down}; width: 12px; height: 12px; }}
QComboBox QAbstractItemView {{ background: {theme.surface}; border: 1px solid {theme.border}; outline: none;
    selection-background-color: {theme.raised}; selection-color: {theme.text}; }}
QSpinBox::up-button, QDoubleSpinBox::up-button, QSpinBox::down-button, QDoubleSpinBox::down-button {{ border: none;
    background: transparent; width: 16px; }}
QSpinBox::up-arrow, QDoubleSpinBox::up-arrow {{ image: {up}; width: 10px; height: 10px; }}
QSpinBox::down-arrow, QDoubleSpinBox::down-arrow {{ image: {down}; width: 10px; height: 10px; }}
QCheckBox {{ spacing: 7px; }}
QCheckBox::indicator {{ width: 15px; height: 15px; border: 1px solid {theme.border}; border-radius: 4px;
    background: {theme.surface}; }}
QCheckBox::indicator:checked {{ background: {theme.accent}; border-color: {theme.accent}; image: {check}; }}
QCheckBox::indicator:focus {{ border-color: {theme.accent}; }}
QSlider::groove:horizontal {{ height: 4px; background: {theme.border}; border-radius: 2px; }}
QSlider::sub-page:horizontal {{ background: {theme.accent}; border-radius: 2px; }}
QSlider::handle:horizontal {{ background: {theme.accent}; width: 14px; margin: -5px 0; border-radius: 7px; }}
QProgressBar {{ background: {theme.border}; border: none; border-radius: 3px; max-height: 6px; min-height: 6px; }}
QProgressBar::chunk {{ background: {theme.accent}; border-radius: 3px; }}
QScrollArea, QAbstractScrollArea {{ border: none; }}
QScrollBar:vertical {{ background: transparent; width: 10px; margin: 0; }}
QScrollBar:horizontal {{ background: transparent; height: 10px; margin: 0; }}
QScrollBar::handle {{ background: {theme.border}; border-radius: 4px; min-height: 24px; min-width: 24px; margin: 1px; }}
QScrollBar::handle:hover {{ background: {theme.muted}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
QDockWidget {{ color: {theme.muted}; font-weight: 600; }}
QDockWidget::title {{ background: {theme.window}; padding: 6px 10px; text-align: left; }}
QTabBar::tab {{ background: transparent; color: {theme.muted}; padding: 6px 12px; margin: 3px 2px;
    border-radius: 6px; }}
QTabBar::tab:selected {{ background: {theme.raised}; color: {theme.text}; }}
QTabBar::tab:hover {{ color: {theme.text}; }}
QTabBar {{ background: {theme.window}; }}
QListView, QTreeView, QTableView {{ background: {theme.window}; border: none; outline: none;
    selection-background-color: {theme.raised}; selection-color: {theme.text}; }}
QListView::item, QTreeView::item {{ border-radius: 5px; padding: 3px 4px; }}
QListView::item:hover, QTreeView::item:hover {{ background: {theme.raised}; }}
QListView::item:selected, QTreeView::item:selected {{ background: {theme.raised}; color: {theme.text}; }}
QTableView::item {{ padding: 3px 6px; }}
QHeaderView::section {{ background: {theme.window}; color: {theme.muted}; border: none;
    border-bottom: 1px solid {theme.separator}; padding: 4px 8px; }}
QLabel[muted="true"] {{ color: {theme.muted}; }}
QLabel[section="true"] {{ color: {theme.muted}; font-size: {small}px; font-weight: 600; letter-spacing: 1px; }}
QLabel[heading="true"] {{ font-size: {heading}px; font-weight: 700; }}
QLabel[title="true"] {{ font-size: {title}px; font-weight: 700; }}
QLabel[heading_small="true"] {{ color: {theme.muted}; font-weight: 600; }}
QLabel[severity="error"] {{ color: {theme.error}; }}
QLabel[severity="warning"] {{ color: {theme.warning}; }}
"""
