"""GraphiQL in a real browser: it reads the schema, asks the first question, and complains of nothing."""

from tests.browser.fixtures import OpenPage


async def test_the_first_question_is_asked(served: str, open_page: OpenPage) -> None:
    page = await open_page()
    await page.goto(f"http://{served}/graphql")
    await page.click(".graphiql-execute-button")
    await page.wait_for_selector(".result-window >> text=370886.93")
    await page.hover(".graphiql-query-editor .cm-property >> text=sales")
    await page.wait_for_selector(".CodeMirror-info >> text=Owner")  # the schema's own words
    assert page.complaints == []
