/* SPDX-License-Identifier: BSD-2-Clause */
// The page is whole without this: here it is only fetched again and put in place of
// itself. Not while somebody marks text, and not while nobody looks.
"use strict";

const every_ms = 5000;

async function renew() {
	const answer = await fetch(location.href, { cache: "no-store" });
	if (!answer.ok)
		throw new Error(answer.status);
	const page = new DOMParser().parseFromString(await answer.text(), "text/html");
	document.title = page.title;
	document.querySelector("main").replaceWith(page.querySelector("main"));
}

async function tick() {
	if (!document.hidden && getSelection().isCollapsed) {
		try {
			await renew();
			document.body.classList.remove("stale");
		} catch {
			document.body.classList.add("stale");
			document.getElementById("stale").hidden = false;
		}
	}
	setTimeout(tick, every_ms);
}

setTimeout(tick, every_ms);
