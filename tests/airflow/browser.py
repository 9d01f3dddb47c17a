"""Chromium without a window, used as somebody at the office uses it: what is seen on a page, clicked and written.

In Chinese and Beijing time, as browsers there are. Names of its own requests find nothing but this machine, and `asked`
tells what its pages asked for. Debian's `chromium` and `chromium-driver`, of one source and so always of one version.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import urlsplit

from selenium import webdriver
from selenium.common.exceptions import TimeoutException, WebDriverException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from scripts.airflow_local import ROOT

_T = TypeVar("_T")
CHROMIUM, DRIVER = Path("/usr/bin/chromium"), Path("/usr/bin/chromedriver")
ARTEFACTS = ROOT / ".artefacts"
_PATIENCE = 60.0
_OPTIONS = (
    "--headless=new",
    "--no-sandbox",  # tests may run as root, in a container
    "--disable-dev-shm-usage",  # where /dev/shm is small
    "--lang=zh-CN",
    "--accept-lang=zh-CN",
    "--window-size=1440,1000",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
)
_BUTTON = "//button[normalize-space()='{0}' or @aria-label='{0}']"
_ROWS = "return [...document.querySelectorAll('tbody tr')].map(row => row.innerText)"
_ITS_OWN = ("about", "blob", "chrome", "data")  # nothing of these leaves the browser
_DIALOGUE = "//*[@role='dialog' and @data-state='open']"


class Browser:
    """One window with its own profile; a context manager."""

    def __init__(self, profile: Path) -> None:
        options = webdriver.ChromeOptions()
        options.binary_location = str(CHROMIUM)
        options.set_capability("goog:loggingPrefs", {"performance": "ALL"})
        for option in (*_OPTIONS, f"--user-data-dir={profile}"):
            options.add_argument(option)
        service = Service(str(DRIVER), env={**os.environ, "TZ": "Asia/Shanghai"})
        self._driver = webdriver.Chrome(options=options, service=service)
        self._wait = WebDriverWait(self._driver, _PATIENCE, ignored_exceptions=[WebDriverException])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._driver.quit()

    def open(self, url: str) -> None:
        self._driver.get(url)

    def log_in(self, url: str, user: str, password: str) -> None:
        """By Airflow's own form."""
        self.open(url)
        self._find("//input[@name='username']").send_keys(user)
        self._find("//input[@name='password']").send_keys(password)
        self._find("//button[@type='submit']").click()
        self.see("首页")

    def click(self, label: str) -> None:
        """The button of that label, or of that short help where it has a picture alone."""
        self._click(_BUTTON.format(label))

    def follow(self, text: str) -> None:
        """A link, by its text."""
        self._click(f"//a[normalize-space()='{text}']")

    def follow_to(self, path: str) -> None:
        """The first link to that path."""
        self._click(f"//a[substring-after(@href, '{path}')='' and contains(@href, '{path}')]")

    def write(self, prompt: str, text: str) -> None:
        """Into the field of the open dialogue that asks for it."""
        self._click(f"{_DIALOGUE}//*[normalize-space(text())='{prompt}']")
        self._find(f"{_DIALOGUE}//textarea[@placeholder='{prompt}']").send_keys(text)

    def see(self, text: str) -> None:
        """Wait until it stands on the page."""
        self._find(f"//*[normalize-space()='{text}']")

    def rows(self) -> list[str]:
        """The rows of the page's table, their cells' texts joined by a blank."""
        found = self._driver.execute_script(_ROWS)  # at one moment: the page draws them anew as they change
        return [" ".join(row.split()) for row in found]

    def photograph(self, name: str) -> Path:
        """A picture of the window, kept after the tests."""
        ARTEFACTS.mkdir(exist_ok=True)
        path = ARTEFACTS / f"airflow-{name}.png"
        self._driver.save_screenshot(str(path))
        return path

    def asked(self) -> set[str]:
        """Host and port of all that the pages have asked for so far."""
        urls = {
            urlsplit(said["params"]["request"]["url"])
            for entry in self._driver.get_log("performance")
            for said in (json.loads(entry["message"])["message"],)
            if said["method"] == "Network.requestWillBeSent"
        }
        return {url.netloc for url in urls if url.scheme not in _ITS_OWN}

    def _find(self, path: str) -> WebElement:
        def visible(driver: WebDriver) -> WebElement | None:
            return next((one for one in driver.find_elements(By.XPATH, path) if one.is_displayed()), None)

        return self._await(visible, path)

    def _click(self, path: str) -> None:
        """A page that is being drawn moves what is to be clicked: then once more."""

        def clicked(driver: WebDriver) -> bool:
            driver.find_element(By.XPATH, path).click()
            return True

        self._await(clicked, path)

    def _await(self, condition: Callable[[WebDriver], _T | None], path: str) -> _T:
        try:
            return self._wait.until(condition, path)
        except TimeoutException:
            self.photograph("failed")
            raise
